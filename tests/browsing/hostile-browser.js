// What the browser's own process asks for when a page calls, past both judges and with cookies, at each of BASES.
const identity = (base, config) => ({mode: 'passive', providers: [{configURL: config, clientId: '1', nonce: '1'}]});
const privileged = (base) => {
  const to = (name) => base + '/spend/' + name, add = (text) => document.body.insertAdjacentHTML('beforeend', text);
  const quietly = (act) => { try { const r = act(); if (r && r.catch) r.catch(() => 0); } catch {} };
  const total = {label: 'x', amount: {currency: 'EUR', value: '1'}}, host = new URL(base).hostname;
  const config = to('fedcm-config');
  quietly(() => navigator.login.setStatus('logged-in'));
  quietly(() => navigator.credentials.get({identity: identity(base, config), mediation: 'optional'}));
  quietly(() => IdentityCredential.disconnect({configURL: to('fedcm-disconnect'), clientId: '1', accountHint: '1'}));
  quietly(() => IdentityProvider.getUserInfo({configURL: to('fedcm-user'), clientId: '1'}));
  quietly(() => IdentityProvider.register(to('fedcm-register')));
  quietly(() => navigator.credentials.get({publicKey: {challenge: new Uint8Array(9), rpId: host}}));
  quietly(() => navigator.credentials.get({digital: {requests: [{protocol: 'openid4vp', data: {request: to('digital')}}]}}));
  quietly(() => navigator.credentials.get({otp: {transport: ['sms']}}));
  for (const act of ['canMakePayment', 'hasEnrolledInstrument', 'show'])
    quietly(() => new PaymentRequest([{supportedMethods: to('payment-' + act)}], {total})[act]());
  quietly(() => fetch(to('attribution'), {mode: 'no-cors', attributionReporting:
    {eventSourceEligible: true, triggerEligible: false}}));
  quietly(() => { new Image().attributionSrc = to('attribution-source'); });
  quietly(() => navigator.joinAdInterestGroup({owner: base, name: 'x', biddingLogicURL: to('auction-bid'),
    updateURL: to('auction-update'), lifetimeMs: 9e6, ads: [{renderURL: to('auction-ad')}]})
    .then(() => navigator.updateAdInterestGroups()));
  quietly(() => navigator.runAdAuction({seller: base, decisionLogicURL: to('auction-logic'), interestGroupBuyers: [base]}));
  quietly(() => sharedStorage.worklet.addModule(to('shared-storage')));
  quietly(() => fence.reportEvent({eventType: 'x', eventData: 'x', destinationURL: to('fence')}));
  quietly(() => fetch(to('topics'), {browsingTopics: true, mode: 'no-cors'}));
  quietly(() => document.browsingTopics());
  quietly(() => fetch(to('trust-token'), {method: 'POST', privateToken: {version: 1, operation: 'token-request'}}));
  quietly(() => CSS.paintWorklet.addModule(to('paint-worklet')));
  quietly(() => new AudioContext().audioWorklet.addModule(to('audio-worklet')));
  quietly(() => { navigator.mediaSession.metadata = new MediaMetadata({title: 'x', artwork: [{src: to('artwork')}]}); });
  quietly(() => new Notification('x', {icon: to('notification')}));
  quietly(() => new PresentationRequest(to('presentation')).start());
  quietly(() => navigator.install(to('web-install')));
  quietly(() => new webkitSpeechRecognition().start());
  quietly(() => {
    const peer = new RTCPeerConnection({iceServers: [{urls: `turn:${host}:3478?transport=tcp`, username: 'x', credential: 'x'}]});
    peer.createDataChannel('x');
    return peer.createOffer().then((offer) => peer.setLocalDescription(offer));
  });
  quietly(() => document.requestStorageAccess());
  quietly(() => document.requestStorageAccessFor(base));
  quietly(() => navigator.geolocation.getCurrentPosition(() => 0));
  quietly(() => Translator.create({sourceLanguage: 'en', targetLanguage: 'de'}));
  quietly(() => LanguageModel.create());
  quietly(() => navigator.serviceWorker.getRegistration().then((r) => r.pushManager.subscribe()));
  quietly(() => navigator.serviceWorker.ready.then((r) => r.backgroundFetch.fetch('x', [to('background-fetch')])));
  add(`<script type=webbundle>{"source": "${to('web-bundle')}", "resources": ["${to('bundled')}"]}<\/script>
    <a attributionsrc="${to('attribution-link')}" href="#" id=a${base.length}>x</a>
    <fencedframe></fencedframe><video controls><track kind=captions default src="${to('track')}"></video>
    <iframe src="data:text/html,<script>try{parent.IdentityCredential}catch{};new PaymentRequest([{supportedMethods:
      '${to('payment-frame')}'}],{total:${encodeURIComponent(JSON.stringify(total))}}).canMakePayment()<\/script>"></iframe>`);
  quietly(() => { for (const frame of ['srcdoc', '']) {
    const made = document.createElement('iframe'); document.body.append(made);
    const there = made.contentWindow;
    new there.PaymentRequest([{supportedMethods: to('payment-blank')}], {total}).canMakePayment();
    there.navigator.credentials.get({identity: identity(base, to('fedcm-blank')), mediation: 'optional'}).catch(() => 0);
  } });
};
BASES.forEach(privileged);
