"""Addresses of the console of those who steer a hall."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.console import accounts, devices, floor

app_name = "console"
urlpatterns = [
    path("<slug:mall>/floor/", floor.show, name="floor"),
    path("<slug:mall>/floor/pause/", floor.pause, name="pause"),
    path("<slug:mall>/floor/resume/", floor.resume, name="resume"),
    path("<slug:mall>/ticket/<int:ticket>/", floor.life, name="ticket"),
    path("<slug:mall>/accounts/", accounts.show, name="accounts"),
    path("<slug:mall>/accounts/add/", accounts.add, name="account_add"),
    path("<slug:mall>/accounts/<int:person>/", accounts.one, name="account"),
    path("<slug:mall>/accounts/<int:person>/change/", accounts.change, name="account_change"),
    path("<slug:mall>/accounts/<int:person>/give/", accounts.give, name="account_give"),
    path("<slug:mall>/accounts/<int:person>/take/", accounts.take, name="account_take"),
    path("<slug:mall>/accounts/<int:person>/reset/", accounts.reset, name="account_reset"),
    path("<slug:mall>/accounts/<int:person>/factors/", accounts.factors, name="account_factors"),
    path("<slug:mall>/accounts/<int:person>/disable/", accounts.disable, name="account_disable"),
    path("<slug:mall>/accounts/<int:person>/enable/", accounts.enable, name="account_enable"),
    path("<slug:mall>/devices/", devices.show, name="devices"),
    path("<slug:mall>/devices/<int:device>/end/", devices.end, name="device_end"),
]
