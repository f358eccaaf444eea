"""Messages: writing and sending every SMS, and who carries it."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gateway.accounts.codes import Codes
from gateway.config import Messages, SmppLink
from gateway.conversation import Conversation
from gateway.endings import Endings
from gateway.errors import Misconfigured
from gateway.feature import Feature, Tools
from gateway.features.papers import links_of
from gateway.features.reminding import reminding_of
from gateway.features.texting import inbox_of
from gateway.lasting import lasting
from gateway.playbooks import message
from gateway.sending.accepting import Accepting
from gateway.sending.carriers import Carrier, Carriers, Route
from gateway.sending.http_gateway import HttpGateway
from gateway.sending.log_only import LogOnly
from gateway.sending.presets import PRESETS
from gateway.sending.quiet import Quiet
from gateway.sending.reports import KeptReports, Reported, Reports
from gateway.sending.unlinked import Unlinked
from gateway.smpp.carrier import SmppCarrier
from gateway.smpp.hearing import Ears, Heard, Hearing, kept
from gateway.smpp.link import Link
from gateway.spool import Spool
from gateway.texting import short_codes
from gateway.web.messages import MessageRoutes
from gateway.web.sms import SmsRoutes

SPOOL, REPORTS = "spool/smpp", "spool/reports"


def feature(tools: Tools) -> Feature:
    settings = tools.config.messages
    gateways = gateways_of(settings)
    links = links_to(tools.config.smpp.links)
    carriers = carriers_of(tools, gateways, {link.name: SmppCarrier(link, its) for link, its in links})

    async def closed() -> None:
        for gateway in gateways.values():
            await gateway.close()
        for provider in tools.providers.values():
            if (volume := getattr(provider, "volume", None)) is not None:
                await volume.close()

    spool = Spool(tools.data / SPOOL, Heard)

    async def hearing(conversation: Conversation, endings: Endings) -> None:
        if not links:
            return
        ears = Ears(inbox_of(tools), Reports(tools.store, tools.clock), spool, tools.clock, tools.catalogue.codes)
        async with asyncio.TaskGroup() as group:
            group.create_task(lasting("smpp spool", partial(spool.run, partial(kept, ears))))
            for link, its in links:
                group.create_task(Hearing(link, its, ears).run(conversation, endings))

    unwritten = Spool(tools.data / REPORTS, Reported)
    reports = KeptReports(Reports(tools.store, tools.clock, Unlinked(tools.outbox).reported), unwritten, tools.clock)
    routes = MessageRoutes(tools.store, Accepting(tools.store, tools.outbox), tools.menus, carriers, settings)
    return Feature(
        playbooks=(message.playbook(_send(tools, carriers)),),
        routes=routes.table(),
        open_routes=SmsRoutes(reports, senders_of(tools)).table(),
        checks={"sms_reports": unwritten.check, **({"smpp": spool.check} if links else {})},
        runs=hearing,
        serves=reports.run,
        closes=closed,
    )


def senders_of(tools: Tools) -> Mapping[str, Any]:
    """The providers who carry SMS too."""
    return {name: provider for name, provider in tools.providers.items() if hasattr(provider, "send_sms")}


def _send(tools: Tools, carriers: Carriers) -> message.SendStep:
    settings = tools.config.messages
    return message.SendStep(
        carriers,
        tools.store,
        lambda: tools.catalogue,
        tools.clock,
        Codes(tools.config, tools.store, tools.clock),
        links_of(tools),
        Quiet(settings.quiet_from, settings.quiet_until),
        reminding_of(tools).is_moot,
        lambda name: tools.menus.called(name).catalogue,
        Unlinked(tools.outbox),
    )


def links_to(settings: Mapping[str, SmppLink]) -> Sequence[tuple[Link, SmppLink]]:
    """Raises Misconfigured naming the key of a link that cannot work."""
    for name, its in settings.items():
        if not its.password.get_secret_value():
            variable = f"NYOTA_SMPP__LINKS__{name.upper()}__PASSWORD"
            raise Misconfigured(f"smpp.links.{name}.password: needed; set {variable}")
        if its.ussd and its.bind == "transmitter":
            raise Misconfigured(f"smpp.links.{name}.ussd: a transmitter hears no sessions")
    return [(Link(name, its), its) for name, its in settings.items()]


def gateways_of(settings: Messages) -> Mapping[str, HttpGateway]:
    """Raises Misconfigured naming the key of a gateway that cannot work."""
    for name, gateway in settings.gateways.items():
        if gateway.preset not in PRESETS:
            raise Misconfigured(f"messages.gateways.{name}.preset: one of {', '.join(PRESETS)}")
        if not gateway.api_key.get_secret_value():
            variable = f"NYOTA_MESSAGES__GATEWAYS__{name.upper()}__API_KEY"
            raise Misconfigured(f"messages.gateways.{name}.api_key: needed; set {variable}")
    return {name: HttpGateway(name, gateway) for name, gateway in settings.gateways.items()}


def carriers_of(tools: Tools, gateways: Mapping[str, Carrier], links: Mapping[str, Carrier]) -> Carriers:
    """Everybody who carries, in the configured order. Raises Misconfigured for a name that is nobody's, or two's."""
    settings = tools.config.messages
    known: dict[str, Carrier] = {LogOnly.name: LogOnly()}
    for key, some in (("providers", senders_of(tools)), ("messages.gateways", gateways), ("smpp.links", links)):
        for name, carrier in some.items():
            if name in known:
                raise Misconfigured(f"{key}.{name}: another carrier has this name")
            known[name] = carrier
    named = {"carriers": settings.carriers, **{f"routes.{route.prefix}": route.carriers for route in settings.routes}}
    for key, names in (*named.items(), ("rates", tuple(settings.rates))):
        for name in names:
            if name not in known:
                raise Misconfigured(f"messages.{key}: {name} carries no SMS; known are {', '.join(known)}")
    short_codes.proved(settings, tools.catalogue.languages)
    short_codes.carried(settings, known)
    routes = [Route(route.prefix, route.carriers) for route in settings.routes]
    return Carriers(known, settings.carriers, tools.clock, routes=routes, rates=settings.rates)
