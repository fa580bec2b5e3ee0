"""How the parts of a campus are put together: the launcher behind `./ykt`, its servers, their templates.

Starts every part by its command line and imports none of them; needs a checkout, ships in no wheel.
"""
