"""What stands between a pay-out and the rail: money already sent, limits of a day, and the float it comes from."""
