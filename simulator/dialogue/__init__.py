r"""Dialogues: a conversation with the phone written down as YAML, checked and played.

A bug report is such a file, and so is an example. The same file plays over HTTP and on a pure engine:
`play` only needs something that can dial and send. A dialogue looks like this:

    name: borrow quick
    phone: "+254711000001"
    language: en                            # for the reader only
    secrets: [pin]                          # names of what only whoever plays it knows: `press: "{{pin}}"`
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
      - phone: "+254711000002"              # the steps that follow are on another phone

`see`, `not` and `capture` go with dial, press, repeat and end; `capture` goes with sms too. A step does one
thing; an unknown word, a step that does two things, or a name that nothing captured is refused when read.
Every scalar is read as text, so that `press: 00` and `press: 0711000002` mean what they look like.
Only SMS that come after the start count. Without an outside, sms, write and stk are skipped, and so is every
check that needs what they would have captured.
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
