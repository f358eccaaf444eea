"""The books as operators read them; and month ends, kept so that the past is read from near by."""

from gateway.feature import Feature, Tools
from gateway.playbooks import months
from gateway.web.books import BooksRoutes


def feature(tools: Tools) -> Feature:
    routes = BooksRoutes(tools.store, tools.books, tools.clock).table()
    return Feature(playbooks=[months.playbook()], daily=(months.KIND,), routes=routes)
