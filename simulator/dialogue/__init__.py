r"""Dialogues: a conversation with the phone written down as YAML, checked and played.

A bug report is such a file, and so is an example. The same file plays over HTTP and on a pure engine:
`play` only needs something that can dial and send. A dialogue looks like this:

    name: borrow quick
    phone: "+254711000001"
    language: en                            # for the reader only
    phones: {lender: "+254711000002"}       # names for the other phones that take part
    secrets: [pin]                          # names of what only whoever plays it knows: `press: "{{pin}}"`
    needs: outside                          # only where sms, stk, faults and the core can be played
    steps:
      - dial: "*383#"                       # a new session; "*383*2*1*2000#" answers three screens at once
        see: ["1 Balance", "2 Borrow"]      # each must occur in the screen
      - press: "2"                          # an answer: digits, a name, whatever is typed
        see: |                              # a plain text: the whole screen, blanks trimmed
          Borrow. Your limit Ksh 20,000
          1 Quick, 30 days
        not: ["Growth"]                     # none of these may occur
      - repeat: true                        # the carrier delivers the hop again: same screen, byte for byte
      - press: "4826"
        capture: {ref: "LN\\w+"}            # keeps what matches (or its first group) for later steps
      - end: true                           # the last screen closed the session
      - drop: true                          # hangs up in the middle
      - sms: ["{{ref}} Confirmed", "1,980"] # an SMS with all of these comes; each SMS counts once
      - write: "BAL"                        # sends an SMS to Nyota
      - stk: pay                            # answers a prompt: pay, cancel, wrong-pin, insufficient, ignore
        amount: "2160"                      # that asks for this amount
      - press: "1"
        on: lender                          # this one step is on another phone: its own session and SMS
      - phone: "+254711000002"              # all steps that follow are on another phone
      - outside: {api: sms, fault: drop}    # a service goes wrong: rate (1) and seed (1) may be said too
      - core: down                          # the core banking server is pulled out ...
      - core: up                            # ... and put back
      - outside: well                       # every fault of this dialogue is over

`see`, `not` and `capture` go with dial, press, repeat and end; `capture` goes with sms too, and `on` with
everything that a phone does. Each phone has one session at a time and its own thread of SMS, and keeps them while
another is in the hand. A step does one thing; an unknown word, a step that does two things, or a name that nothing
captured is refused when read.
Every scalar is read as text, so that `press: 00` and `press: 0711000002` mean what they look like.
Only SMS that come after the start count. Without an outside, sms, write, stk, outside and core are skipped, and
so is every check that needs what they would have captured; a dialogue that `needs: outside` is refused there. The
faults of a dialogue end with it.
"""

from simulator.dialogue.player import Difference, OnScreen, Scene, Transport, play
from simulator.dialogue.script import Dialogue, DialogueError, Step, load, parse

__all__ = [
    "Dialogue",
    "DialogueError",
    "Difference",
    "OnScreen",
    "Scene",
    "Step",
    "Transport",
    "load",
    "parse",
    "play",
]
