"""What tests share: repositories, servers, a proxy, a browser, legacy histories."""
