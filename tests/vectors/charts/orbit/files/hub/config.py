import os
# {{ this is not a template }}
c.Hub.ip = os.environ["HUB_IP"]
