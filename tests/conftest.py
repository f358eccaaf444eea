"""What all tests share: real servers, and a whole gateway on them."""

pytest_plugins = ["tests.servers", "tests.house"]
