"""The pretend outside world: Safaricom's Daraja, Africa's Talking's SMS and a core bank, with a control side.

Runs on the loopback only, keeps its own book on disk, and misbehaves when told to.
"""
