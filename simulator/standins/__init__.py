"""The pretend outside world: Safaricom's Daraja and Africa's Talking's SMS, with a control side.

Runs on the loopback only, keeps its own book on disk, and misbehaves when told to.
"""
