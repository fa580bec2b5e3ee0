"""The gate: a small broker for docked devices where there is no mosquitto, apart from the one that money goes by.

It knows accounts and rights, speaks MQTT 3.1.1 with clean sessions at QoS 0 and 1, and keeps nothing but what is
retained by our own users. It is the campus of one machine that it is made for; a school's broker is mosquitto.
"""
