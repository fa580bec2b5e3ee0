"""Published values (pboc research, part 5a): what judges our cards must itself be right."""

from tests.edge.card import standard_des as des


def h(text):
    return bytes.fromhex(text)


def test_diversified_key():
    master = h("00112233445566778899AABBCCDDEEFF")
    assert des.card_key(master, h("1122334455667788")) == h("496BD7A3513644533100B54E71196528")


def test_load_of_a_real_card():
    """Vector 5: a real FMCOS card's log."""
    key, rnd = h("00112233445566778899AABBCCDDEEFF"), h("C903814D")
    session = des.load_session(key, rnd, h("0000"))
    amount, term, when = h("00002000"), h("001122334455"), h("20161216105800")
    assert session == h("11FDF264E8AEEFA3")
    assert des.mac(session, bytes(4), amount, b"\x02", term) == h("03976C22")
    assert des.mac(session, amount, b"\x02", term, when) == h("8AFA5718")
    assert des.tac(key, amount, h("0000"), amount, b"\x02", term, when) == h("FA00066D")


def test_purchase_of_a_real_card():
    """Vector 7, of the same log."""
    key, ttn = h("00112233445566778899AABBCCDDEEFF"), h("00000000")
    session = des.purchase_session(key, h("584633C9"), h("0000"), ttn)
    amount, term, when = h("00000001"), h("001122334455"), h("20161216134600")
    assert session == h("C08346DF9F1D457A")
    assert des.mac(session, amount, b"\x06", term, when) == h("D45737C5")
    assert des.mac(session, amount) == h("66B54A6B")
    assert des.tac(key, amount, b"\x06", term, ttn, when) == h("8AF270DC")
