"""All pages, in the order of the menu."""

from cloud.console.frame.page import Page
from cloud.console.pages import sign_in
from cloud.console.pages.alarms import acts, alarms, counting, groups, handover, notify, quality, rules
from cloud.console.pages.cards import aid, card, cards, desks, spares, split
from cloud.console.pages.devices import boxes, commands, detail, devices, jobs, parameters, service
from cloud.console.pages.home import saved, search, undone
from cloud.console.pages.home import views as home
from cloud.console.pages.money import books, channels, deciding, disputes, findings, meals, queues, reconcile
from cloud.console.pages.parameters import editing, lowering, pushes, pushing, waiting
from cloud.console.pages.people import factors, letters, listed, me, people
from cloud.console.pages.places import order, placing, plans, topology
from cloud.console.pages.reports import closing, exposure, morning, reports, settlement
from cloud.console.pages.rollouts import boxes as box_releases
from cloud.console.pages.rollouts import firmware
from cloud.console.pages.system import about, applications, integrations, mapping, metrics, services, setup, wall

PAGES: tuple[Page, ...] = (
    *sign_in.PAGES,
    *home.PAGES,
    *search.PAGES,
    *saved.PAGES,
    *devices.PAGES,
    *books.PAGES,
    *reconcile.PAGES, *findings.PAGES,
    *queues.PAGES,
    *deciding.PAGES,
    *letters.PAGES,
    *people.PAGES,
    *listed.PAGES,
    *me.PAGES,
    *factors.PAGES,
    *alarms.PAGES,
    *acts.PAGES,
    *counting.PAGES,
    *quality.PAGES,
    *rules.PAGES,
    *notify.PAGES,
    *groups.PAGES,
    *handover.PAGES,
    *detail.PAGES,
    *commands.PAGES,
    *jobs.PAGES,
    *firmware.PAGES,
    *box_releases.PAGES,
    *boxes.PAGES,
    *parameters.PAGES,
    *editing.PAGES,
    *lowering.PAGES,
    *pushing.PAGES,
    *pushes.PAGES,
    *waiting.PAGES,
    *service.PAGES,
    *topology.PAGES,
    *cards.PAGES,
    *card.PAGES,
    *desks.PAGES, *spares.PAGES,
    *aid.PAGES,
    *settlement.PAGES,
    *reports.PAGES,
    *morning.PAGES,
    *services.PAGES,
    *metrics.PAGES,
    *integrations.PAGES,
    *applications.PAGES,
    *mapping.PAGES,
    *wall.PAGES,
    *setup.PAGES,
    *about.PAGES,
    *plans.PAGES,
    *placing.PAGES,
    *order.PAGES,
    *undone.PAGES,
    *closing.PAGES,
    *exposure.PAGES,
    *meals.PAGES, *split.PAGES,
    *disputes.PAGES,
    *channels.PAGES,
)
