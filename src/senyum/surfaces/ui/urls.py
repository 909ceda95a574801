"""The addresses that belong to no surface."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.ui import logins, pairing, push, views

urlpatterns = [
    path("", views.home, name="home"),
    path("language/", views.language, name="language"),
    path("push-worker.js", push.worker, name="push_worker"),
    path("my-work/", views.work, name="work"),
    path("my-work/logins/", logins.show, name="logins"),
    path("my-work/logins/end/", logins.end_others, name="logins_end"),
    path("device/", pairing.show, name="device"),
    path("device/pair/", pairing.pair, name="device_pair"),
    path("device/pair-sample/", pairing.pair_sample, name="device_pair_sample"),
    path("device/unpair/", pairing.unpair, name="device_unpair"),
]
