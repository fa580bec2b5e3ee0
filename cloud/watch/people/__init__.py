"""What people do with what the watch keeps: answer alarms, push texts, try rules, plan work; by command, page or SMS.

Each function is inside of a transaction of the watch's file, or says that it opens one.
"""
