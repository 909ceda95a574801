"""Django as a plain WSGI application, for tests of the API's description."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
