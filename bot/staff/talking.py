"""Conversations with customers from the team's chats: words in a topic, or in answer to a message of ours, are for the
customer whom it is about."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.channels.telegram_staff.parse import CHANNEL, Happened
from bot.staff.desk import Desk, about_key
from bot.staff.taps import TalkDeed, TalkTap
from commerce.domain.conversation import (
    AnswerRefused,
    Conversation,
    NotAnswered,
    NoteKind,
    NotSpeaking,
    Voice,
)
from commerce.domain.mail import OutboundMessage
from commerce.domain.reservation import Refused
from commerce.services.alerting import StaffAlert


def customer_of(desk: Desk) -> str:
    """Whom this message is for; '' for nobody."""
    said = desk.said
    if said.topic_id:
        found = desk.uow.staff_chats.customer_of(said.chat, said.topic_id)
    else:
        found = (desk.uow.state.get(about_key(said.chat, said.reply_to), desk.now) or "") if said.reply_to else ""
    return desk.uow.customers.present_id(found) if found else ""


def answer(desk: Desk, customer_id: str) -> None:
    """What a member writes goes to the customer, on the channel they used last; what keeps it from going is said here.

    In a group everybody sees who answers, so anybody may go on where a colleague has begun.
    """
    said = desk.said
    if said.message.media:
        desk.say(desk.t("Only words reach the customer from here. Your file was not sent."), about=customer_id)
    if not said.message.text:
        return
    result = desk.shop.inbox.answer(
        desk.uow, desk.member, customer_id, said.message.text, take_over=said.in_group, written_in=CHANNEL
    )
    if isinstance(result, AnswerRefused):
        desk.say(_not_answered(desk, result), about=customer_id)
        return
    facts = json.dumps({"customer_id": result.conversation.customer_id, "entry_id": result.entry_id})
    for chat in desk.uow.staff_chats.for_store(result.conversation.store_id):
        if chat.contact != said.chat:  # here it stands already
            desk.uow.outbox.add(OutboundMessage(chat.contact, StaffAlert.SAID.value, facts), desk.now)


def tapped(desk: Desk, tap: TalkTap) -> None:
    handoff, tap = desk.shop.handoff, replace(tap, customer_id=desk.uow.customers.present_id(tap.customer_id))
    match tap.deed:
        case TalkDeed.TAKE:
            _changed(desk, tap, handoff.take(desk.uow, desk.member, tap.customer_id, tap.version))
        case TalkDeed.GIVE_BACK:
            _changed(desk, tap, handoff.give_back(desk.uow, desk.member, tap.customer_id, tap.version))
        case TalkDeed.CALL:
            desk.toast()
            desk.wait_for("call", customer_id=tap.customer_id)
            question = desk.t("{member}, what was said? Answer this message.", member=desk.member.name)
            desk.say(question, asks=True, about=tap.customer_id)


def call_noted(desk: Desk, customer_id: str) -> None:
    """What a member remembers of a call is in the thread, for the team alone."""
    desk.wait_no_more()
    result = desk.shop.inbox.note(desk.uow, desk.member, customer_id, NoteKind.CALL, desk.said.message.text)
    if isinstance(result, Refused):
        desk.say(_not_answered(desk, AnswerRefused(result.reason)), about=customer_id)
    else:
        desk.say(desk.t("Noted as a call. The customer does not see it."), about=customer_id)


def topic_changed(desk: Desk) -> None:
    """Who closes a topic gives the conversation back; who opens it again takes it."""
    customer_id = customer_of(desk)
    there = desk.uow.conversations.get(customer_id) if customer_id else None
    if there is None:
        return
    if desk.said.happened is Happened.TOPIC_CLOSED and there.bot_is_silent:
        desk.shop.handoff.give_back(desk.uow, desk.member, customer_id, there.version)
    elif desk.said.happened is Happened.TOPIC_REOPENED and not there.bot_is_silent:
        desk.shop.handoff.take(desk.uow, desk.member, customer_id, there.version)


def _changed(desk: Desk, tap: TalkTap, result: Conversation | Refused[NotSpeaking]) -> None:
    if isinstance(result, Conversation):
        desk.toast(_who_speaks(desk, result))
        return
    match result.reason:
        case NotSpeaking.CHANGED | NotSpeaking.NOT_YOURS:
            there = desk.uow.conversations.get(tap.customer_id)
            faster, now = desk.t("Somebody was faster."), _who_speaks(desk, there) if there else ""
            desk.toast(f"{faster} {now}".strip(), alert=True)
            facts = {"customer_id": tap.customer_id}
            row = OutboundMessage(desk.said.chat, StaffAlert.CONVERSATION.value, json.dumps(facts))
            desk.uow.outbox.add(row, desk.now)
        case NotSpeaking.NOT_ALLOWED:
            desk.toast(desk.t("You may not do that."), alert=True)
        case NotSpeaking.NOT_FOUND:
            desk.toast(desk.t("This customer is not there any more."), alert=True)


def _who_speaks(desk: Desk, there: Conversation) -> str:
    match there.voice:
        case Voice.BOT:
            return desk.t("The bot answers.")
        case Voice.NOBODY_YET:
            return desk.t("Nobody answers yet.")
        case Voice.PERSON:
            member = desk.uow.team.get(there.assigned_to) if there.assigned_to else None
            return desk.t("{member} answers.", member=member.name if member else desk.t("Somebody"))


def _not_answered(desk: Desk, refused: AnswerRefused) -> str:
    match refused.reason:
        case NotAnswered.NOT_FOUND:
            return desk.t("Not sent: this customer is not there any more, or you may not answer.")
        case NotAnswered.NO_CHANNEL:
            return desk.t("Not sent: we know no way to write to this customer.")
        case NotAnswered.WINDOW_CLOSED:
            others = ", ".join(reach.contact.channel for reach in refused.others)
            if others:
                return desk.t(
                    "Not sent: the channel is closed, they wrote too long ago. Open on the pages: {channels}",
                    channels=others,
                )
            return desk.t("Not sent: the channel is closed, they wrote too long ago.")
        case NotAnswered.TAKEN:
            holder = desk.uow.team.get(refused.held_by) if refused.held_by else None
            name = holder.name if holder else desk.t("Somebody")
            return desk.t("Not sent: {member} answers. Take it first.", member=name)
        case NotAnswered.EMPTY:
            return desk.t("Not sent: there are no words in it.")
        case NotAnswered.TOO_LONG:
            return desk.t("Not sent: it is too long, at most {count} characters.", count=refused.most)
        case NotAnswered.SAME_TWICE:
            return desk.t("Not sent: they were sent the very same words before.")
        case NotAnswered.NO_PICTURES:
            return desk.t("Not sent: their channel carries no pictures.")
        case NotAnswered.UNFILLED:
            places = ", ".join(refused.missing)
            return desk.t("Not sent: fill these places first: {places}", places=places)
