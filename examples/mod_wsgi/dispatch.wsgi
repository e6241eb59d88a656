# With an ini file:
#     from kallithea_rs import make_app
#     application = make_app("/srv/kallithea/kallithea.ini")
# Without one, everything is kept in kallithea-data below the `home=` of WSGIDaemonProcess.
from kallithea_rs import app as application
