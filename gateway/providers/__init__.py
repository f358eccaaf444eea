"""Who carries USSD and SMS: one file each, chosen by its name in the URL and in `config.yaml`."""
