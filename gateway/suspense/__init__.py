"""Money that reached the paybill and whose it is nobody knows yet: kept by receipt, until two people say."""
