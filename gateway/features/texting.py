"""SMS as a way in: keywords, one-time codes for what moves money, reminders on and off."""

import hmac
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.accounts import statements
from gateway.accounts.codes import Codes
from gateway.errors import Misconfigured
from gateway.feature import Feature, Tools
from gateway.spool import Spool
from gateway.texting import answering, inbox, tidying
from gateway.texting.answering import AnswerStep, HandsOf
from gateway.texting.applicants import Applications
from gateway.texting.confirming import Confirming
from gateway.texting.hands import Hands
from gateway.texting.inbox import Inbox
from gateway.texting.keeping import Keeping, Told
from gateway.texting.rehearsal import Rehearsal
from gateway.texting.short_codes import ShortCodes, name_of
from gateway.texting.telling import Tellers
from gateway.texting.walk import Walker
from gateway.web.texting import TextingRoutes

SPOOL = "spool/sms"


def feature(tools: Tools) -> Feature:
    settings = tools.config.texting
    codes = Codes(tools.config, tools.store, tools.clock)
    tidy = tidying.Tidying(settings)
    providers = {name: each for name, each in tools.providers.items() if hasattr(each, "parse_sms")}

    def rehearsal() -> Rehearsal:
        return Rehearsal(hands_of(tools, codes, is_trial=True))

    spool = Spool(tools.data / SPOOL, Told)
    keeping = Keeping(inbox_of(tools), tools.store, spool, tools.clock)
    routes = TextingRoutes(keeping, rehearsal, providers)
    return Feature(
        playbooks=(answering.playbook(AnswerStep(named_hands(tools, codes))), tidy.playbook()),
        instants={**Confirming(codes, settings).handlers(), **Applications(codes).handlers()},
        daily=(tidying.KIND,),
        routes=routes.operators_table(),
        open_routes=routes.table(),
        checks={"sms_in": spool.check},
        serves=keeping.run,
    )


def named_hands(tools: Tools, codes: Codes) -> HandsOf:
    """What answers, by what the organisation is called; built once for each name of the configuration.

    Raises Misconfigured naming the key of a name that the words have no room for.
    """
    settings, names = tools.config.messages, {"": hands_of(tools, codes)}
    for number, code in settings.short_codes.items():
        name = name_of(code, settings)
        if name not in names:
            try:
                menus = tools.menus.called(name)
            except Misconfigured as error:
                raise Misconfigured(f"messages.short_codes.{number}.name: {error}") from error
            names[name] = hands_of(replace(tools, menus=menus), codes)
    return lambda name: names.get(name, names[""])


def hands_of(tools: Tools, codes: Codes, *, is_trial: bool = False) -> Hands:
    """What answers a message; on trial nothing is committed on the way."""
    settings = tools.config.texting
    walker = Walker(tools.menus, tools.facts, tools.outbox, tools.clock, viewed=settings.balances, is_trial=is_trial)

    async def statement(connection: AsyncConnection, customer_id: str, now: int) -> dict[str, Any]:
        return await statements.short(connection, tools.books, tools.portfolio, customer_id, now)

    tellers = Tellers(tools.menus, tools.facts, tools.store, statement, tools.clock, balances=settings.balances)
    return Hands(
        tools.menus, tools.facts, tools.outbox, tools.store, codes, walker, tellers, settings, tools.clock,
        ShortCodes(tools.config.messages),
    )  # fmt: skip


def inbox_of(tools: Tools) -> Inbox:
    """The key under which contents are compared is not the one of any code."""
    codes = Codes(tools.config, tools.store, tools.clock)
    pepper = tools.config.pins.pepper.get_secret_value().encode()
    key = hmac.digest(pepper, b"written messages", sha256)
    its = inbox.Tools(tools.store, tools.outbox, codes, tools.menus, tools.clock, tools.config.texting, key)
    return Inbox(its)
