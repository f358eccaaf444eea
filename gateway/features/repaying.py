"""Repaying: by prompt, from the wallet, from another phone, for another person, and money that comes by itself."""

from collections.abc import Callable

from gateway.facts.repaying import RepayingFacts
from gateway.feature import Feature, Tools
from gateway.playbooks.listed import ListedStep
from gateway.playbooks.received import Received
from gateway.playbooks.repay import Repayments, wanted
from gateway.playbooks.repay_for import PaidForOthers
from gateway.playbooks.repay_other import AskedOthers
from gateway.playbooks.safety import Safety, line_step
from gateway.rails.steps import CollectStep, SlowNotice

UNDER_WAY = ("repay.stk", "repay.wallet", "repay.other", "repay.for_stk", "repay.for_wallet")


def feature(tools: Tools) -> Feature:
    daraja, settings = tools.config.rails.daraja, tools.config.repaying
    shortcode, delay_ms = daraja.collection.shortcode, round(daraja.prompt_delay_seconds * 1000)
    own = Repayments(tools.books, tools.portfolio, tools.teller, shortcode=shortcode)
    notice_ms = round(settings.notice_seconds * 1000)
    others = AskedOthers(own, tools.teller, a_day=settings.other_phones_a_day, notice_ms=notice_ms)
    wallet = tools.config.wallet
    safety = Safety(days=wallet.safety_days)
    paid_for = PaidForOthers(tools.books, tools.portfolio, tools.teller, shortcode=shortcode, safety=safety)
    language = tools.catalogue.default_language
    received = Received(
        tools.books, tools.portfolio, tools.teller, shortcode=shortcode, language=language,
        again_ms=tools.patience.ask_max_ms,
    )  # fmt: skip
    facts = RepayingFacts(tools.portfolio, others, tools.clock)
    prompt = _prompts(tools)
    return Feature(
        playbooks=(
            own.by_prompt(prompt(own.slow), delay_ms=delay_ms),
            own.from_wallet(),
            others.playbook(prompt(others.slow)),
            paid_for.by_prompt(prompt(paid_for.slow), delay_ms=delay_ms),
            paid_for.from_wallet(line_step(wallet.identity, tools.store)),
            received.playbook(_listed(tools)),
        ),
        readers=facts.readers(),
        computed={"mpesa_charge": tools.charges.payer_cents},
    )


def _listed(tools: Tools) -> ListedStep:
    return ListedStep(tools.rail, tools.store, tools.callbacks, tools.clock, give_up_ms=tools.patience.give_up_ms)


def _prompts(tools: Tools) -> Callable[[SlowNotice], CollectStep]:
    """Makes the step that asks a phone for money; what it says when it takes long is each one's own."""

    def prompt(slow: SlowNotice) -> CollectStep:
        return CollectStep(
            tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, wanted(tools.rail.name), slow
        )

    return prompt
