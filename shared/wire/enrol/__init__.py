"""What a box and the enrolment service 入网服务 say: a short code, four words, three questions and their answers."""
