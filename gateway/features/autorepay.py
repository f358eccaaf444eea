"""Auto-repay: choosing the share. Taking it belongs to whoever credits a wallet: `gateway.playbooks.autorepay`."""

from sqlalchemy.ext.asyncio import AsyncConnection

from flows.known import AutoRepay
from gateway.facts.source import customer_on
from gateway.feature import Feature, Tools
from gateway.playbooks.autorepay import switched


def feature(tools: Tools) -> Feature:
    allowed = tools.config.auto_repay

    async def auto_repay(connection: AsyncConnection, msisdn: str) -> AutoRepay:
        customer = await customer_on(connection, msisdn)
        return AutoRepay(customer.auto_repay_percent, allowed.least_percent, allowed.most_percent)

    return Feature(instants={"auto_repay.set": switched}, readers={"auto_repay": auto_repay})
