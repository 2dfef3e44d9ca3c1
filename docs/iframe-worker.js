// Browsers refuse a worker from a file: address. Opened from the file system, the search worker runs in a hidden frame instead.
if (window.location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      this.waiting = [];
      this.ready = false;
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.appendChild(this.frame);
      window.addEventListener("message", (event) => {
        if (event.source === this.frame.contentWindow) {
          const passed = new MessageEvent("message", { data: event.data });
          this.dispatchEvent(passed);
          if (this.onmessage) this.onmessage(passed);
        }
      });
      const inner = this.frame.contentDocument;
      inner.open();
      inner.write(
        "<!doctype html><script>" +
          "window.postMessage = function (data) { parent.postMessage(data, '*'); };" +
          "window.importScripts = function () {" +
          "  return Array.prototype.slice.call(arguments).reduce(function (before, address) {" +
          "    return before.then(function () { return new Promise(function (done, failed) {" +
          "      var script = document.createElement('script'); script.src = address; script.onload = done; script.onerror = failed; document.body.appendChild(script);" +
          "    }); });" +
          "  }, Promise.resolve());" +
          "};" +
          "</" + "script><body><script src='" + address + "'></" + "script>"
      );
      inner.close();
      this.frame.addEventListener("load", () => {
        this.ready = true;
        this.waiting.splice(0).forEach((data) => this.deliver(data));
      });
    }
    deliver(data) {
      const target = this.frame.contentWindow;
      target.dispatchEvent(new target.MessageEvent("message", { data }));
    }
    postMessage(data) {
      if (this.ready) this.deliver(data);
      else this.waiting.push(data);
    }
    terminate() {
      this.frame.remove();
    }
  };
}
