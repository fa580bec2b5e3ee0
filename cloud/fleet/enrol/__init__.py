"""The enrolment door 入网服务: HTTPS for boxes, bounded by sender, with no key of the campus behind it but its own."""
