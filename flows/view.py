"""The PIN before money is shown: phones are shared. Asked once a session, for looking only."""

from flows.kit import AFTER, Flow, secret

flow = Flow("view", [secret("pin", to=AFTER)])
