"""Addresses of the console of those who steer a hall."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.console import accounts, accuracy, devices, floor, floor_staff, plans, roster, standards

app_name = "console"
urlpatterns = [
    path("<slug:mall>/floor/", floor.show, name="floor"),
    path("<slug:mall>/floor/pause/", floor.pause, name="pause"),
    path("<slug:mall>/floor/resume/", floor.resume, name="resume"),
    path("<slug:mall>/floor/next-hour/", floor_staff.suggest, name="next_hour"),
    path("<slug:mall>/accuracy/", accuracy.show, name="accuracy"),
    path("<slug:mall>/accuracy/<int:line>/", accuracy.rows, name="accuracy_rows"),
    path("<slug:mall>/roster/", roster.show, name="roster"),
    path("<slug:mall>/plans/", plans.show, name="plans"),
    path("<slug:mall>/plans/new/", plans.new, name="plan_new"),
    path("<slug:mall>/plans/ask/", plans.ask, name="plan_ask"),
    path("<slug:mall>/plans/<int:plan>/", plans.one, name="plan"),
    path("<slug:mall>/plans/<int:plan>/report/", plans.report, name="plan_report"),
    path("<slug:mall>/plans/<int:plan>/chart/<slug:name>.svg", plans.chart, name="plan_chart"),
    path("<slug:mall>/plans/<int:plan>/accept/", plans.accept, name="plan_accept"),
    path("<slug:mall>/plans/<int:plan>/reject/", plans.reject, name="plan_reject"),
    path("<slug:mall>/plans/<int:plan>/withdraw/", plans.withdraw, name="plan_withdraw"),
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
    path("<slug:mall>/standards/", standards.show, name="standards"),
    path("<slug:mall>/standards/new/<int:service>/", standards.new, name="standard_new"),
    path("<slug:mall>/standards/<int:standard>/", standards.one, name="standard"),
    path("<slug:mall>/standards/<int:standard>/edit/", standards.edit, name="standard_edit"),
    path("<slug:mall>/standards/<int:standard>/save/", standards.save, name="standard_save"),
    path("<slug:mall>/standards/<int:standard>/submit/", standards.submit, name="standard_submit"),
    path("<slug:mall>/standards/<int:standard>/approve/", standards.approve, name="standard_approve"),
    path("<slug:mall>/standards/<int:standard>/give-back/", standards.give_back, name="standard_give_back"),
    path("<slug:mall>/standards/<int:standard>/withdraw/", standards.withdraw, name="standard_withdraw"),
    path("<slug:mall>/standards/<int:standard>/comment/<int:comment>/", standards.moderate, name="standard_moderate"),
    path("<slug:mall>/devices/", devices.show, name="devices"),
    path("<slug:mall>/devices/<int:device>/end/", devices.end, name="device_end"),
]
