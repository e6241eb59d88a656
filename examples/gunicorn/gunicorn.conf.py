# gunicorn --config gunicorn.conf.py

wsgi_app = "kallithea_rs:app"
chdir = "/srv/kallithea"  # where kallithea.ini or kallithea-data lies
bind = "127.0.0.1:5000"
workers = 4

# A worker is busy with a clone for as long as the client takes. gunicorn's own 30 seconds would cut it off.
timeout = 3600

# Mercurial puts arguments into headers of 1 KiB each, as many as it takes.
limit_request_fields = 1000
