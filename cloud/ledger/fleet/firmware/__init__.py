"""Firmware 固件 from the centre: releases that the officers signed, and their roll-out to terminals in waves."""
