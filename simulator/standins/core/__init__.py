"""A pretend core banking server: Apache Fineract's REST API as far as a lender on phones needs it, faults included.

server      the front door: who may come in, which call it is, what goes wrong with it
commands    every write: once for each idempotency key, checked by a second person if so wished
clients  loans  repayments  charges  reschedules  savings  catalogue  hooks  batches    what can be asked for
schedule  allocation    the arithmetic, pure; its own, so that it can be held against anybody else's
store       its book on disk
truth       what it knows itself, for the control side
"""
