"""SMPP 3.4: SMS both ways, reports of delivery, and USSD, over one bound session to a carrier's centre."""
