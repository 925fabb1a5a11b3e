// Photos in the browser: found in what is pasted or dropped, made smaller before they travel.

const LARGEST_SIDE_PX = 1600;

export function pictureIn(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));
}

// Large photos are made smaller before they travel, which also leaves out where and with what they were taken. Formats
// that this browser cannot draw (HEIC in most) go as they are.
export async function shrunk(file) {
  const drawn = await redrawn(file, LARGEST_SIDE_PX, 0.88);
  if (!drawn) return /^image\//.test(file.type) || /\.heic$/i.test(file.name) ? file : null;
  return drawn.size < file.size || file.size > 1_000_000 || file.type === "image/gif" ? drawn : file;
}

export async function redrawn(blob, side, quality) {
  try {
    const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const brush = canvas.getContext("2d");
    brush.fillStyle = "#fff";
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  } catch {
    return null;
  }
}
