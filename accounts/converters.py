"""Usernames in addresses: anything else is no address of ours, whatever it contains."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class UsernameConverter(StringConverter):
    regex = "[A-Za-z0-9_]{1,30}"


register_converter(UsernameConverter, "username")
