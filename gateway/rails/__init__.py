"""Ways to move money, one file each, behind the contract of `gateway.rails.contract`."""
