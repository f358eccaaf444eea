"""The bank's clients.

POST /fineract-provider/api/v1/clients
{"officeId": 1, "legalFormId": 1, "firstname": "Amina", "lastname": "Wanjiru", "mobileNo": "254711000001",
 "externalId": "cu-7f3a", "active": true, "activationDate": "2026-03-02", "dateFormat": "yyyy-MM-dd", "locale": "en"}
200 {"officeId": 1, "clientId": 41, "resourceId": 41, "resourceExternalId": "cu-7f3a"}
"""

from sqlite3 import Row
from typing import Any

from simulator.standins.book import Rows
from simulator.standins.core import wire
from simulator.standins.core.calls import OFFICE, Act, Ask, Read, Result, Write, row_id
from simulator.standins.core.catalogue import SAVINGS_PRODUCTS, product_of
from simulator.standins.core.errors import detail, duplicate, invalid, refused
from simulator.standins.core.fields import Fields

_CREATE = (
    "officeId", "fullname", "firstname", "middlename", "lastname", "externalId", "mobileNo", "emailAddress",
    "dateOfBirth", "legalFormId", "active", "activationDate", "submittedOnDate", "groupId", "address", "datatables",
)  # fmt: skip
_NOT_HERE = ("groupId", "address", "datatables")
_SEARCH_SIZE_MAX = 200


def routes() -> tuple[Read | Write, ...]:
    return (
        Write("POST", "clients", "", "CREATE", "CLIENT", _CREATE, _create),
        Write("POST", "clients/{client}", "activate", "ACTIVATE", "CLIENT", ("activationDate",), _activate),
        Write(
            "POST", "clients/{client}/identifiers", "", "CREATE", "CLIENTIDENTIFIER",
            ("documentTypeId", "documentKey", "status", "description"), _add_identifier,
        ),
        Read("GET", "clients/{client}", lambda ask: _shown(_row(ask.rows, ask.refs["client"]))),
        Read("GET", "clients/{client}/accounts", _accounts),
        Read("GET", "clients/{client}/identifiers", _identifiers),
        Read("GET", "clients", _list),
        Read("GET", "search", _search),
        Read("POST", "v2/clients/search", _search_v2),
    )  # fmt: skip


def client_id(rows: Rows, ref: str) -> int:
    return row_id(rows, "clients", ref, code="error.msg.client.id.invalid")


def active_client(rows: Rows, client: int) -> Row:
    """Raises ApiError for somebody who is not there or has not been activated."""
    row = _row(rows, str(client))
    if row["status"] != wire.ACTIVE:
        raise refused("error.msg.client.not.active.exception", f"The Client with id `{client}` is not active")
    return row


def _row(rows: Rows, ref: str) -> Row:
    row = rows.one("SELECT * FROM clients WHERE id = ?", client_id(rows, ref))
    if row is None:
        raise LookupError("a client that was just found is gone")
    return row


def _create(act: Act) -> Result:
    fields = act.fields
    if fields.whole("officeId") != OFFICE:
        raise invalid([detail("validation.msg.client.officeId.invalid", "There is no such office.", "officeId")])
    for name in _NOT_HERE:
        if name in fields:
            raise invalid([detail("error.msg.parameter.unsupported", f"{name} is not kept here.", name)])
    first, last, shown = _names(fields)
    born, activated = fields.optional_day("dateOfBirth"), _activation(act)
    external, mobile = fields.optional("externalId"), fields.optional("mobileNo", longest=50)
    _refuse_duplicates(act.rows, external, mobile)
    submitted = fields.optional_day("submittedOnDate") or act.today
    number = act.rows.execute(
        "INSERT INTO clients (external_id, mobile_no, firstname, lastname, display_name, email, born_on, status,"
        " submitted_on, activated_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(external, mobile, first, last, shown, fields.optional("emailAddress", longest=150)),
        born and born.isoformat(),
        wire.ACTIVE if activated else wire.SUBMITTED,
        submitted.isoformat(),
        activated,
    ).lastrowid
    return wire.present({"officeId": OFFICE, "clientId": number, "resourceId": number, "resourceExternalId": external})


def _names(fields: Fields) -> tuple[str, str, str]:
    if "fullname" in fields:
        name = fields.text("fullname", longest=160)
        return "", "", name
    first, last = fields.text("firstname", longest=50), fields.text("lastname", longest=50)
    middle = fields.optional("middlename", longest=50)
    return first, last, " ".join(part for part in (first, middle, last) if part)


def _activation(act: Act) -> str | None:
    if not act.fields.flag("active"):
        return None
    day = act.fields.day("activationDate")
    if day > act.today:
        message = "Activation date cannot be in the future."
        raise refused("error.msg.client.activationDate.in.the.future", message, "activationDate")
    return day.isoformat()


def _refuse_duplicates(rows: Rows, external: str | None, mobile: str | None) -> None:
    if external and rows.value("SELECT 1 FROM clients WHERE external_id = ?", external):
        message = f"Client with externalId `{external}` already exists"
        raise duplicate("error.msg.client.duplicate.externalId", message, "externalId")
    if mobile and rows.value("SELECT 1 FROM clients WHERE mobile_no = ?", mobile):
        message = f"Client with mobileNo `{mobile}` already exists"
        raise duplicate("error.msg.client.duplicate.mobileNo", message, "mobileNo")


def _activate(act: Act) -> Result:
    row = _row(act.rows, act.refs["client"])
    day = act.fields.day("activationDate")
    if row["status"] == wire.ACTIVE:
        raise refused("error.msg.clients.already.active", "Cannot activate client. Client is already active.")
    if day > act.today:
        message = "Activation date cannot be in the future."
        raise refused("error.msg.client.activationDate.in.the.future", message, "activationDate")
    act.rows.execute(
        "UPDATE clients SET status = ?, activated_on = ? WHERE id = ?", wire.ACTIVE, day.isoformat(), row["id"]
    )
    return wire.present(
        {
            "officeId": OFFICE,
            "clientId": row["id"],
            "resourceId": row["id"],
            "resourceExternalId": row["external_id"],
            "changes": {"status": wire.client_status(wire.ACTIVE), "activationDate": wire.days(day.isoformat())},
        }
    )


def _add_identifier(act: Act) -> Result:
    client, document = client_id(act.rows, act.refs["client"]), act.fields.text("documentKey", longest=50)
    kind = act.fields.whole("documentTypeId", least=1)
    if act.rows.value("SELECT 1 FROM identifiers WHERE type_id = ? AND document = ?", kind, document):
        message = f"Client identifier of type {kind} with value of {document} already exists"
        raise duplicate("error.msg.clientIdentifier.identityKey.duplicate", message, "documentKey")
    added = act.rows.execute(
        "INSERT INTO identifiers (client_id, type_id, document) VALUES (?, ?, ?)", client, kind, document
    )
    return {"officeId": OFFICE, "clientId": client, "resourceId": added.lastrowid}


def _identifiers(ask: Ask) -> list[dict[str, Any]]:
    client = client_id(ask.rows, ask.refs["client"])
    return [
        {
            "id": row["id"],
            "clientId": client,
            "documentType": {"id": row["type_id"]},
            "documentKey": row["document"],
            "status": "clientIdentifierStatusType.active",
        }
        for row in ask.rows.all("SELECT * FROM identifiers WHERE client_id = ? ORDER BY id", client)
    ]


def _list(ask: Ask) -> dict[str, Any]:
    """Filters by externalId, displayName, firstName and lastName; a mobile number is no filter."""
    found = ask.rows.all(
        "SELECT * FROM clients WHERE (?1 IS NULL OR external_id = ?1) AND (?2 IS NULL OR instr(display_name, ?2))"
        " AND (?3 IS NULL OR firstname = ?3) AND (?4 IS NULL OR lastname = ?4) ORDER BY id",
        *(ask.query.get(name) for name in ("externalId", "displayName", "firstName", "lastName")),
    )
    offset, limit = ask.limit()
    return {
        "totalFilteredRecords": len(found),
        "pageItems": [_shown(row) for row in found[offset : offset + limit]],
    }


def _search(ask: Ask) -> list[dict[str, Any]]:
    """Everybody whose number, name or id contains what is asked for, `exactMatch` or not."""
    text = ask.query.get("query", "")
    if "clients" not in ask.query.get("resource", "clients").split(","):
        return []
    return [
        wire.present(
            {
                "entityId": row["id"],
                "entityAccountNo": _account_number(row["id"]),
                "entityExternalId": row["external_id"],
                "entityName": row["display_name"],
                "entityType": "CLIENT",
                "parentId": OFFICE,
                "parentName": "Head Office",
                "entityMobileNo": row["mobile_no"],
                "entityStatus": wire.client_status(row["status"]),
            }
        )
        for row in _containing(ask.rows, text, _SEARCH_SIZE_MAX, 0)
    ]


def _search_v2(ask: Ask) -> dict[str, Any]:
    fields = Fields.parse(ask.raw, ("request", "page", "size", "sorts"), "clientSearch")
    request = fields.values.get("request")
    text = request.get("text", "") if isinstance(request, dict) else ""
    if not isinstance(text, str):
        raise invalid([detail("validation.msg.clientSearch.text.invalid", "text is a text", "text")])
    size = fields.optional_whole("size") or 50
    found = _containing(ask.rows, text, -1, 0)
    start = (fields.optional_whole("page") or 0) * size
    content = [
        wire.present(
            {
                "id": row["id"],
                "displayName": row["display_name"],
                "externalId": row["external_id"],
                "accountNumber": _account_number(row["id"]),
                "officeId": OFFICE,
                "officeName": "Head Office",
                "mobileNo": row["mobile_no"],
                "status": wire.client_status(row["status"]),
                "activationDate": wire.days(row["activated_on"]),
                "createdDate": f"{row['submitted_on']}T00:00:00Z",
            }
        )
        for row in found[start : start + size]
    ]
    return {"content": content, "totalElements": len(found), "size": size, "number": start // size if size else 0}


def _containing(rows: Rows, text: str, limit: int, offset: int) -> list[Row]:
    return rows.all(
        "SELECT * FROM clients WHERE instr(coalesce(mobile_no, ''), ?1) OR instr(lower(display_name), lower(?1))"
        " OR instr(coalesce(external_id, ''), ?1)"
        " OR id IN (SELECT client_id FROM identifiers WHERE instr(document, ?1)) ORDER BY id LIMIT ?2 OFFSET ?3",
        text,
        limit,
        offset,
    )


def _accounts(ask: Ask) -> dict[str, Any]:
    client = client_id(ask.rows, ask.refs["client"])
    loans = ask.rows.all("SELECT * FROM loans WHERE client_id = ? ORDER BY id", client)
    savings = ask.rows.all("SELECT * FROM savings WHERE client_id = ? ORDER BY id", client)
    return {
        "loanAccounts": [
            wire.present(
                {
                    "id": row["id"],
                    "accountNo": _account_number(row["id"]),
                    "externalId": row["external_id"],
                    "productId": row["product_id"],
                    "productName": product_of(str(row["product_id"])).name,
                    "status": wire.loan_status(row["status"]),
                    "loanType": {"id": 1, "code": "accountType.individual", "value": "Individual"},
                    "originalLoan": wire.money(row["principal_cents"]),
                }
            )
            for row in loans
        ],
        "savingsAccounts": [
            wire.present(
                {
                    "id": row["id"],
                    "accountNo": _account_number(row["id"]),
                    "externalId": row["external_id"],
                    "productId": row["product_id"],
                    "productName": SAVINGS_PRODUCTS[row["product_id"]],
                    "status": wire.savings_status(row["status"]),
                    "currency": dict(wire.CURRENCY),
                    "accountBalance": wire.money(row["balance_cents"]),
                }
            )
            for row in savings
        ],
        "shareAccounts": [],
    }


def _shown(row: Row) -> dict[str, Any]:
    return wire.present(
        {
            "id": row["id"],
            "accountNo": _account_number(row["id"]),
            "externalId": row["external_id"],
            "status": wire.client_status(row["status"]),
            "active": row["status"] == wire.ACTIVE,
            "activationDate": wire.days(row["activated_on"]),
            "firstname": row["firstname"] or None,
            "lastname": row["lastname"] or None,
            "displayName": row["display_name"],
            "mobileNo": row["mobile_no"],
            "emailAddress": row["email"],
            "dateOfBirth": wire.days(row["born_on"]),
            "officeId": OFFICE,
            "officeName": "Head Office",
            "timeline": wire.present(
                {
                    "submittedOnDate": wire.days(row["submitted_on"]),
                    "activatedOnDate": wire.days(row["activated_on"]),
                }
            ),
        }
    )


def _account_number(number: int) -> str:
    return f"{number:09d}"
