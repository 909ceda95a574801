"""The addresses of the citizen's phone and of the smile tablet. Nothing personal stands in them."""

from __future__ import annotations

from django.urls import include, path

from senyum.surfaces.citizen.views import accuracy, book, booking, data, hall, smile, take, ticket, wait

urlpatterns = [
    path("m/<slug:mall>/", hall.mall, name="citizen_mall"),
    path("", include("senyum.surfaces.citizen.page_urls")),
    path("m/<slug:mall>/take/", take.take, name="citizen_take"),
    path("m/<slug:mall>/book/", book.book, name="citizen_book"),
    path("b/<str:token>/", booking.booking, name="citizen_booking"),
    path("m/<slug:mall>/wait/", wait.wait, name="citizen_wait"),
    path("w/<str:token>/", wait.waiting, name="citizen_waiting"),
    path("w/<str:token>/leave", wait.leave, name="citizen_waiting_leave"),
    path("b/<str:token>/accept", booking.accept, name="citizen_booking_accept"),
    path("b/<str:token>/decline", booking.decline, name="citizen_booking_decline"),
    path("b/<str:token>/move/", booking.move, name="citizen_booking_move"),
    path("b/<str:token>/push", booking.push, name="citizen_booking_push"),
    path("b/<str:token>/confirm", booking.confirm, name="citizen_booking_confirm"),
    path("b/<str:token>/cancel", booking.cancel, name="citizen_booking_cancel"),
    path("b/<str:token>/calendar.ics", booking.calendar, name="citizen_booking_calendar"),
    path("m/<slug:mall>/accuracy/", accuracy.show, name="citizen_accuracy"),
    path("m/<slug:mall>/counters/", hall.counters, name="citizen_counters"),
    path("m/<slug:mall>/counters/now/", hall.counters_now, name="citizen_counters_now"),
    path("t/<str:token>/", ticket.ticket, name="citizen_ticket"),
    path("t/<str:token>/now/", ticket.ticket_now, name="citizen_ticket_now"),
    path("t/<str:token>/delay", ticket.delay, name="citizen_delay"),
    path("t/<str:token>/rejoin", ticket.rejoin, name="citizen_rejoin"),
    path("t/<str:token>/leave", ticket.leave, name="citizen_leave"),
    path("t/<str:token>/push", ticket.push, name="citizen_push"),
    path("t/<str:token>/data/", data.visit, name="citizen_data"),
    path("t/<str:token>/data.json", data.visit_file, name="citizen_data_file"),
    path("t/<str:token>/erase", data.visit_erase, name="citizen_erase"),
    path("b/<str:token>/data/", data.booking, name="citizen_booking_data"),
    path("b/<str:token>/data.json", data.booking_file, name="citizen_booking_data_file"),
    path("b/<str:token>/erase", data.booking_erase, name="citizen_booking_erase"),
    path("t/<str:token>/smile", ticket.smile, name="citizen_smile"),
    path("smile/<slug:mall>/", smile.tablet, name="smile_tablet"),
    path("smile/<slug:mall>/give", smile.give, name="smile_give"),
]
