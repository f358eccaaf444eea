"""Measuring whole gateways as a user would start them: processes and HTTP, nothing imported.

nyota bench ussd --seconds 30
"""
