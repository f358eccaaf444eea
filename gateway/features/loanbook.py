"""The loan book as a whole, for operators: books brought from elsewhere, how late it is, and what of it is at risk."""

from gateway.feature import Feature, Tools
from gateway.features.calendar import workdays_of
from gateway.loanbook.uploads import Uploads
from gateway.papers.paper import Letterhead
from gateway.web.loan_uploads import LoanUploadRoutes
from gateway.web.loanbook import LoanBookRoutes


def feature(tools: Tools) -> Feature:
    settings = tools.config.loanbook
    uploads = uploads_of(tools)
    organisation = tools.config.organisation
    letterhead = Letterhead(organisation.name, organisation.code, organisation.help_line)
    routes = LoanBookRoutes(tools.store, tools.portfolio, tools.clock, letterhead, workdays_of(tools.config.calendar))
    return Feature(routes=(*LoanUploadRoutes(uploads, settings).table(), *routes.table()))


def uploads_of(tools: Tools) -> Uploads:
    rows_most = tools.config.loanbook.rows_most
    return Uploads(tools.store, tools.books, tools.portfolio, tools.clock, rows_most=rows_most)
