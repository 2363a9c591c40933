// What the page does by itself: fetch again what has changed, and ask for the passphrase when nobody is there. Everything works without it.
"use strict";

(() => {
    const body = document.body;
    if (!body.dataset.signedIn) return;

    const state = document.getElementById("live-state");
    const say = (text) => { if (state.textContent !== text) state.textContent = text; };

    // Parts that carry data-live are replaced by what the server shows at the same address now. A form that somebody fills in is none.
    let isFetching = false, isWanted = false;
    const refresh = async () => {
        if (isFetching) { isWanted = true; return; }
        isFetching = true;
        try {
            do {
                isWanted = false;
                const headers = { "X-Duolog-Live": "yes" };
                // A form stays the one that was drawn from its view: what has come since is news to it.
                const view = document.querySelector("form[data-keep] input[name=view]");
                if (view) headers["X-Duolog-View"] = view.value;
                const answer = await fetch(location.href, { headers, cache: "no-store" });
                if (answer.status === 401 || answer.status === 403) { location.reload(); return; }
                if (!answer.ok) { say("This page cannot be brought up to date now."); return; }
                const now = new DOMParser().parseFromString(await answer.text(), "text/html");
                for (const part of document.querySelectorAll("[data-live]")) {
                    const fresh = now.getElementById(part.id);
                    if (!fresh || fresh.isEqualNode(part) || part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) continue;
                    replace(part, fresh);
                }
                say("");
            } while (isWanted);
        } catch { say("The node does not answer; what you see may be old."); }
        finally { isFetching = false; }
    };

    // Somebody who goes through the page by keyboard stays where they were.
    const replace = (part, fresh) => {
        const focused = part.contains(document.activeElement) ? document.activeElement : null;
        const address = focused && (focused.id ? "#" + CSS.escape(focused.id) : focused.getAttribute("href") && `a[href="${CSS.escape(focused.getAttribute("href"))}"]`);
        const open = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
        part.replaceWith(fresh);
        for (const id of open) document.getElementById(id)?.setAttribute("open", "");
        if (address) fresh.querySelector(address)?.focus({ preventScroll: true });
        fresh.dispatchEvent(new CustomEvent("duolog:fresh", { bubbles: true }));
    };

    const live = [...document.querySelectorAll("[data-live]")];
    if (live.length) {
        const wanted = new Set(live.flatMap((part) => part.dataset.live.split(" ")));
        const source = new EventSource("/live");
        source.addEventListener("open", () => { say(""); });
        source.addEventListener("charts", (event) => {
            if (wanted.has("all") || event.data.split(" ").some((chart) => wanted.has(chart))) refresh();
        });
        source.addEventListener("peers", () => { if (wanted.has("peers")) refresh(); });
        source.addEventListener("missed", () => refresh());
        source.addEventListener("ended", () => { source.close(); location.reload(); });
        source.addEventListener("error", () => {
            if (source.readyState !== EventSource.CLOSED) { say("No live updates now; trying again. What you see may be old."); return; }
            // The node has no stream left for this page: it asks from time to time instead.
            setInterval(() => { if (!document.hidden) refresh(); }, 10000);
        });
        addEventListener("pagehide", () => source.close());
        if (wanted.has("peers")) setInterval(() => { if (!document.hidden) refresh(); }, 5000);
    }

    // A questionnaire's total as it grows. The server adds it up for itself.
    for (const scale of document.querySelectorAll("[data-scale]")) {
        const add = () => {
            const chosen = [...scale.querySelectorAll("input:checked")];
            scale.querySelector("[data-total]").value = chosen.reduce((sum, each) => sum + Number(each.value), 0);
            const watch = scale.querySelector("[data-watch]");
            if (watch) watch.hidden = !chosen.some((each) => each.name === scale.dataset.watched && Number(each.value) > 0);
        };
        scale.addEventListener("change", add);
        add();
    }
    document.getElementById("problems")?.focus();

    // A slider shows its moment when it is let go; by keyboard it is moved first, and shown by the button beside it.
    for (const slider of document.querySelectorAll("form[data-shows-on-release] input[type=range]")) {
        slider.addEventListener("pointerup", () => slider.form.requestSubmit());
    }
    // Something that goes on in the daemon is looked at again while it does.
    if (document.querySelector("[data-live][data-going-on]")) {
        setInterval(() => { if (!document.hidden && document.querySelector("[data-going-on=yes]")) refresh(); }, 1000);
    }

    // While somebody types, the session stays awake; when nobody has done anything for long enough, what is shown is locked away.
    const idle = Number(body.dataset.idle) * 1000;
    if (idle) {
        let last = Date.now(), told = Date.now();
        const token = new URLSearchParams({ "form-token": body.dataset.token });
        const touched = () => {
            last = Date.now();
            if (last - told < Math.min(60000, idle / 4)) return;
            told = last;
            fetch("/awake", { method: "POST", body: token }).then((answer) => { if (answer.status === 403) lock(); }).catch(() => {});
        };
        // What stands in a form goes to the server, which asks for the passphrase and then shows the form again.
        let isLocked = false;
        const lock = () => {
            if (isLocked) return;
            isLocked = true;
            const form = document.querySelector("form[data-keep]");
            if (!form) { location.reload(); return; }
            const keep = document.createElement("input");
            [keep.type, keep.name, keep.value] = ["hidden", "keep", "yes"];
            form.append(keep);
            form.submit();
        };
        for (const kind of ["keydown", "pointerdown", "input"]) addEventListener(kind, touched, { passive: true });
        setInterval(() => { if (Date.now() - last > idle) lock(); }, 1000);
    }
})();
