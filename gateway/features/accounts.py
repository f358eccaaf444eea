"""My account: codes, another phone, e-mail and statements, offers, closing; and what only its owner may do to it."""

from gateway.accounts.codes import Codes
from gateway.facts.accounts import AccountFacts
from gateway.feature import Feature, Tools
from gateway.features.papers import links_of
from gateway.mail import Mailer
from gateway.playbooks.accounts import Accounts


def feature(tools: Tools) -> Feature:
    mailer = Mailer(tools.config.mail)
    codes = Codes(tools.config, tools.store, tools.clock)
    accounts = accounts_of(tools)
    facts = AccountFacts(tools.books, codes, links_of(tools), has_mail=mailer.is_there)
    return Feature(
        playbooks=(accounts.closing(),),
        instants=accounts.handlers(),
        readers=facts.readers(),
    )


def accounts_of(tools: Tools) -> Accounts:
    codes = Codes(tools.config, tools.store, tools.clock)
    return Accounts(tools.books, tools.portfolio, tools.outbox, tools.teller, codes, tools.config.accounts)
