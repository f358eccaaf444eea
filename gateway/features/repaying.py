"""Repaying: by prompt, from the wallet, and money that comes to the paybill by itself."""

from gateway.feature import Feature, Tools
from gateway.playbooks.repay import Repayments, wanted
from gateway.rails.steps import CollectStep

UNDER_WAY = ("repay.stk", "repay.wallet")


def feature(tools: Tools) -> Feature:
    daraja = tools.config.rails.daraja
    repayments = Repayments(tools.books, tools.portfolio, tools.teller, shortcode=daraja.collection.shortcode)
    prompt = CollectStep(
        tools.rail, tools.store, tools.clock, tools.patience, tools.addresses, wanted(tools.rail.name), repayments.slow
    )
    delay_ms = round(daraja.prompt_delay_seconds * 1000)
    return Feature(
        playbooks=(repayments.by_prompt(prompt, delay_ms=delay_ms), repayments.from_wallet(), repayments.received()),
        computed={"mpesa_charge": tools.charges.payer_cents},
    )
