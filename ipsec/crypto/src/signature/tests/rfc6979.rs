//! Signatures that RFC 6979 prints: of deterministic DSA and ECDSA, r | s.

use super::*;

/// §A.2.5: the private key.
const P256_PRIVATE: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

/// §A.2.5: the public key, x | y.
const P256_PUBLIC: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64\
     f2f1b20c2d7e9f5177a3c294d4462299";

/// §A.2.5.
const P256_SIGNATURES: &[(SignatureAlgorithm, &str, &str)] = &[
    (
        SignatureAlgorithm::EcdsaSha1,
        "sample",
        "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d326d7f147dac089441bb2e2fe8f7a3fa26\
         4b9c475098fdcf6e00d7c996e1b8b7eb",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_256,
        "sample",
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65\
         f3e900dbb9aff4064dc4ab2f843acda8",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_384,
        "sample",
        "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef77194861f0491e6998b9455193e34e7b0d28\
         4ddd7149a74b95b9261f13abde940954",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_512,
        "sample",
        "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f002362ab1adbe2b8adf9cb9edab740ea60\
         49c028114f2460f96554f61fae3302fe",
    ),
    (
        SignatureAlgorithm::EcdsaSha1,
        "test",
        "0cbcc86fd6abd1d99e703e1ec50069ee5c0b4ba4b9ac60e409e8ec5910d81a8901b9d7b73dfaa60d5651ec4591a0136f\
         87653e0fd780c3b1bc872ffdeae479b1",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_256,
        "test",
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c64915\
         5f267e60d3814b4c0cc84250e46f0083",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_384,
        "test",
        "83910e8b48bb0c74244ebdf7f07a1c5413d61472bd941ef3920e623fbccebeb68ddbec54cf8cd5874883841d712142a5\
         6a8d0f218f5003cb0296b6b509619f2c",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_512,
        "test",
        "461d93f31b6540894788fd206c07cfa0cc35f46fa3c91816fff1040ad1581a0439af9f15de0db8d97e72719c74820d30\
         4ce5226e32dedae67519e840d1194e55",
    ),
];

/// §A.2.6: the private key.
const P384_PRIVATE: &str =
    "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5";

/// §A.2.6: the public key, x | y.
const P384_PUBLIC: &str = "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13\
     8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720";

/// §A.2.6.
const P384_SIGNATURES: &[(SignatureAlgorithm, &str, &str)] = &[
    (
        SignatureAlgorithm::EcdsaSha1,
        "sample",
        "ec748d839243d6fbef4fc5c4859a7dffd7f3abddf72014540c16d73309834fa37b9ba002899f6fda3a4a9386790d4eb2\
         a3bcfa947beef4732bf247ac17f71676cb31a847b9ff0cbc9c9ed4c1a5b3facf26f49ca031d4857570ccb5ca4424a443",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_256,
        "sample",
        "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd\
         f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_384,
        "sample",
        "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46\
         99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_512,
        "sample",
        "ed0959d5880ab2d869ae7f6c2915c6d60f96507f9cb3e047c0046861da4a799cfe30f35cc900056d7c99cd7882433709\
         512c8cceee3890a84058ce1e22dbc2198f42323ce8aca9135329f03c068e5112dc7cc3ef3446defceb01a45c2667fdd5",
    ),
    (
        SignatureAlgorithm::EcdsaSha1,
        "test",
        "4bc35d3a50ef4e30576f58cd96ce6bf638025ee624004a1f7789a8b8e43d0678acd9d29876daf46638645f7f404b11c7\
         d5a6326c494ed3ff614703878961c0fde7b2c278f9a65fd8c4b7186201a2991695ba1c84541327e966fa7b50f7382282",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_256,
        "test",
        "6d6defac9ab64dabafe36c6bf510352a4cc27001263638e5b16d9bb51d451559f918eedaf2293be5b475cc8f0188636b\
         2d46f3becbcc523d5f1a1256bf0c9b024d879ba9e838144c8ba6baeb4b53b47d51ab373f9845c0514eefb14024787265",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_384,
        "test",
        "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db\
         ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_512,
        "test",
        "a0d5d090c9980faf3c2ce57b7ae951d31977dd11c775d314af55f76c676447d06fb6495cd21b4b6e340fc236584fb277\
         976984e59b4c77b0e8e4460dca3d9f20e07b9bb1f63beefaf576f6b2e8b224634a2092cd3792e0159ad9cee37659c736",
    ),
];

/// §A.2.7: the private key.
const P521_PRIVATE: &str = "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc\
     1466f6d8fbec67db89ec0c08b0e996b83538";

/// §A.2.7: the public key, x | y.
const P521_PUBLIC: &str = "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633\
     155d38ffa16d2bd761dcac474b9a2f5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f\
     746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5";

/// §A.2.7.
const P521_SIGNATURES: &[(SignatureAlgorithm, &str, &str)] = &[
    (
        SignatureAlgorithm::EcdsaSha1,
        "sample",
        "00343b6ec45728975ea5cba6659bbb6062a5ff89eea58be3c80b619f322c87910fe092f7d45bb0f8eee01ed3f20babec\
         079d202ae677b243ab40b5431d497c55d75d00e7b0e675a9b24413d448b8cc119d2bf7b2d2df032741c096634d6d65d0\
         dbe3d5694625fb9e8104d3b842c1b0e2d0b98bea19341e8676aef66ae4eba3d5475d5d16",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_256,
        "sample",
        "01511bb4d675114fe266fc4372b87682baecc01d3cc62cf2303c92b3526012659d16876e25c7c1e57648f23b73564d67\
         f61c6f14d527d54972810421e7d87589e1a7004a171143a83163d6df460aaf61522695f207a58b95c0644d87e52aa1a3\
         47916e4f7a72930b1bc06dbe22ce3f58264afd23704cbb63b29b931f7de6c9d949a7ecfc",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_384,
        "sample",
        "01ea842a0e17d2de4f92c15315c63ddf72685c18195c2bb95e572b9c5136ca4b4b576ad712a52be9730627d16054ba40\
         cc0b8d3ff035b12ae75168397f5d50c6745101f21a3cee066e1961025fb048bd5fe2b7924d0cd797babe0a83b66f1e35\
         eeaf5fde143fa85dc394a7dee766523393784484bdf3e00114a1c857cde1aa203db65d61",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_512,
        "sample",
        "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b53\
         4931d7d4e8455cc91f9b15bf05ec36e377fa00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b\
         68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a",
    ),
    (
        SignatureAlgorithm::EcdsaSha1,
        "test",
        "013bad9f29abe20de37ebeb823c252ca0f63361284015a3bf430a46aaa80b87b0693f0694bd88afe4e661fc33b094cd3\
         b7963bed5a727ed8bd6a3a202abe009d036701e9bb81ff7944ca409ad138dbbee228e1afcc0c890fc78ec8604639cb0d\
         bdc90f717a99ead9d272855d00162ee9527567dd6a92cbd629805c0445282bbc916797ff",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_256,
        "test",
        "000e871c4a14f993c6c7369501900c4bc1e9c7b0b4ba44e04868b30b41d8071042eb28c4c250411d0ce08cd197e4188e\
         a4876f279f90b3d8d74a3c76e6f1e4656aa800cd52dbaa33b063c3a6cd8058a1fb0a46a4754b034fcc644766ca14da8c\
         a5ca9fde00e88c1ad60ccba759025299079d7a427ec3cc5b619bfbc828e7769bcd694e86",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_384,
        "test",
        "014bee21a18b6d8b3c93fab08d43e739707953244fdbe924fa926d76669e7ac8c89df62ed8975c2d8397a65a49dcc09f\
         6b0ac62272741924d479354d74ff6075578c0133330865c067a0eaf72362a65e2d7bc4e461e8c8995c3b6226a21bd1aa\
         78f0ed94fe536a0dca35534f0cd1510c41525d163fe9d74d134881e35141ed5e8e95b979",
    ),
    (
        SignatureAlgorithm::EcdsaSha2_512,
        "test",
        "013e99020abf5cee7525d16b69b229652ab6bdf2affcaef38773b4b7d08725f10cdb93482fdcc54edcee91eca4166b2a\
         7c6265ef0ce2bd7051b7cef945babd47ee6d01fbd0013c674aa79cb39849527916ce301c66ea7ce8b80682786ad60f98\
         f7e78a19ca69eff5c57400e3b3a0ad66ce0978214d13baf4e9ac60752f7b155e2de4dce3",
    ),
];

/// §A.2.1: p, q, g, x and y.
const DSA_1024: [&str; 5] = [
    "86f5ca03dcfeb225063ff830a0c769b9dd9d6153ad91d7ce27f787c43278b447e6533b86b18bed6e8a48b784a14c252c\
     5be0dbf60b86d6385bd2f12fb763ed8873abfd3f5ba2e0a8c0a59082eac056935e529daf7c610467899c77adedfc846c\
     881870b7b19b2b58f9be0521a17002e3bdd6b86685ee90b3d9a1b02b782b1779",
    "996f967f6c8e388d9e28d01e205fba957a5698b1",
    "07b0f92546150b62514bb771e2a0c0ce387f03bda6c56b505209ff25fd3c133d89bbcd97e904e09114d9a7defdeadfc9\
     078ea544d2e401aeecc40bb9fbbf78fd87995a10a1c27cb7789b594ba7efb5c4326a9fe59a070e136db77175464adca4\
     17be5dce2f40d10a46a3a3943f26ab7fd9c0398ff8c76ee0a56826a8a88f1dbd",
    "411602cb19a6ccc34494d79d98ef1e7ed5af25f7",
    "5df5e01ded31d0297e274e1691c192fe5868fef9e19a84776454b100cf16f65392195a38b90523e2542ee61871c0440c\
     b87c322fc4b4d2ec5e1e7ec766e1be8d4ce935437dc11c3c8fd426338933ebfe739cb3465f4d3668c5e473508253b1e6\
     82f65cbdc4fae93c2ea212390e54905a86e2223170b44eaa7da5dd9ffcfb7f3b",
];

/// §A.2.1.
const DSA_1024_SIGNATURES: &[(SignatureAlgorithm, &str, &str)] = &[
    (
        SignatureAlgorithm::DsaSha1,
        "sample",
        "2e1a0c2562b2912caaf89186fb0f42001585da5529efb6b0aff2d7a68eb70ca313022253b9a88df5",
    ),
    (
        SignatureAlgorithm::DsaSha2_256,
        "sample",
        "81f2f5850be5bc123c43f71a3033e9384611c5454cdd914b65eb6c66a8aaad27299bee6b035f5e89",
    ),
    (
        SignatureAlgorithm::DsaSha1,
        "test",
        "42ab2052fd43e123f0607f115052a67dcd9c5c77183916b0230d45b9931491d4c6b0bd2fb4aaf088",
    ),
    (
        SignatureAlgorithm::DsaSha2_256,
        "test",
        "22518c127299b0f6fdc9872b282b9e70d07908126837ec18f150d55de95b5e29be7af5d01e4fe160",
    ),
];

/// §A.2.2: p, q, g, x and y.
const DSA_2048: [&str; 5] = [
    "9db6fb5951b66bb6fe1e140f1d2ce5502374161fd6538df1648218642f0b5c48c8f7a41aadfa187324b87674fa1822b0\
     0f1ecf8136943d7c55757264e5a1a44ffe012e9936e00c1d3e9310b01c7d179805d3058b2a9f4bb6f9716bfe6117c6b5\
     b3cc4d9be341104ad4a80ad6c94e005f4b993e14f091eb51743bf33050c38de235567e1b34c3d6a5c0ceaa1a0f368213\
     c3d19843d0b4b09dcb9fc72d39c8de41f1bf14d4bb4563ca28371621cad3324b6a2d392145bebfac748805236f5ca2fe\
     92b871cd8f9c36d3292b5509ca8caa77a2adfc7bfd77dda6f71125a7456fea153e433256a2261c6a06ed3693797e7995\
     fad5aabbcfbe3eda2741e375404ae25b",
    "f2c3119374ce76c9356990b465374a17f23f9ed35089bd969f61c6dde9998c1f",
    "5c7ff6b06f8f143fe8288433493e4769c4d988ace5be25a0e24809670716c613d7b0cee6932f8faa7c44d2cb24523da5\
     3fbe4f6ec3595892d1aa58c4328a06c46a15662e7eaa703a1decf8bbb2d05dbe2eb956c142a338661d10461c0d135472\
     085057f3494309ffa73c611f78b32adbb5740c361c9f35be90997db2014e2ef5aa61782f52abeb8bd6432c4dd097bc54\
     23b285dafb60dc364e8161f4a2a35aca3a10b1c4d203cc76a470a33afdcbdd92959859abd8b56e1725252d78eac66e71\
     ba9ae3f1dd2487199874393cd4d832186800654760e1e34c09e4d155179f9ec0dc4473f996bdce6eed1cabed8b6f116f\
     7ad9cf505df0f998e34ab27514b0ffe7",
    "69c7548c21d0dfea6b9a51c9ead4e27c33d3b3f180316e5bcab92c933f0e4dbc",
    "667098c654426c78d7f8201eac6c203ef030d43605032c2f1fa937e5237dbd949f34a0a2564fe126dc8b715c5141802c\
     e0979c8246463c40e6b6bdaa2513fa611728716c2e4fd53bc95b89e69949d96512e873b9c8f8dfd499cc312882561ade\
     cb31f658e934c0c197f2c4d96b05cbad67381e7b768891e4da3843d24d94cdfb5126e9b8bf21e8358ee0e0a30ef13fd6\
     a664c0dce3731f7fb49a4845a4fd8254687972a2d382599c9bac4e0ed7998193078913032558134976410b89d2c171d1\
     23ac35fd977219597aa7d15c1a9a428e59194f75c721ebcbcfae44696a499afa74e04299f132026601638cb87ab79190\
     d4a0986315da8eec6561c938996beadf",
];

/// §A.2.2.
const DSA_2048_SIGNATURES: &[(SignatureAlgorithm, &str, &str)] = &[
    (
        SignatureAlgorithm::DsaSha1,
        "sample",
        "3a1b2dbd7489d6ed7e608fd036c83af396e290dbd602408e8677daabd6e7445ad26fcba19fa3e3058ffc02ca1596cdbb\
         6e0d20cb37b06054f7e36ded0cdbbccf",
    ),
    (
        SignatureAlgorithm::DsaSha2_256,
        "sample",
        "eace8bdbbe353c432a795d9ec556c6d021f7a03f42c36e9bc87e4ac7932cc8097081e175455f9247b812b74583e9e94f\
         9ea79bd640dc962533b0680793a38d53",
    ),
    (
        SignatureAlgorithm::DsaSha1,
        "test",
        "c18270a93cfc6063f57a4dfa86024f700d980e4cf4e2cb65a504397273d98ea0414f22e5f31a8b6d33295c7539c1c1ba\
         3a6160d7d68d50ac0d3a5beac2884faa",
    ),
    (
        SignatureAlgorithm::DsaSha2_256,
        "test",
        "8190012a1969f9957d56fccaad223186f423398d58ef5b3cefd5a4146a4476f07452a53f7075d417b4b013b278d1bb8b\
         bd21863f5e7b1cee679cf2188e1ab19e",
    ),
];

/// Each signature is made, and verified.
fn assert_signed(signer: &Signer, signatures: &[(SignatureAlgorithm, &str, &str)]) {
    for (algorithm, message, signature) in signatures {
        let der = sign(signer, *algorithm, message.as_bytes());
        let order_len = signature.len() / 4;
        let side_by_side = integers::from_der(&der, order_len).unwrap();
        assert_eq!(hex::encode(side_by_side), *signature, "{} of {message}", algorithm.name());
        assert_eq!(signer.verifier().verify(*algorithm, &[message.as_bytes()], &der), Ok(()));
    }
}

#[test]
fn ecdsa_signatures_are_those_of_rfc_6979() {
    let curves = [
        (KeyType::P256, P256_PRIVATE, P256_PUBLIC, P256_SIGNATURES),
        (KeyType::P384, P384_PRIVATE, P384_PUBLIC, P384_SIGNATURES),
        (KeyType::P521, P521_PRIVATE, P521_PUBLIC, P521_SIGNATURES),
    ];
    for (key_type, private, public, signatures) in curves {
        let signer = Signer::generate(key_type, &mut FixedEntropy::new(unhex(private)));
        assert!(signer.verifier().to_spki().ends_with(&unhex(public)));
        assert_eq!(signatures.len(), 8);
        assert_signed(&signer, signatures);
    }
}

#[test]
fn dsa_signatures_are_those_of_rfc_6979() {
    for (numbers, signatures) in [(DSA_1024, DSA_1024_SIGNATURES), (DSA_2048, DSA_2048_SIGNATURES)] {
        let [p, q, g, x, y] = numbers.map(unhex);
        let private = dsa::Group::new(&p, &q, &g).unwrap().private(&x).unwrap();
        let signer = Signer(Box::new(Private::Dsa(private)));
        assert!(signer.verifier().to_spki().ends_with(&y));
        assert_eq!(signatures.len(), 4);
        assert_signed(&signer, signatures);
    }
}

#[test]
fn dsa_takes_only_numbers_that_fit_each_other() {
    let [p, q, g, x, y] = DSA_1024.map(unhex);
    let key = |p: &[u8], q: &[u8], g: &[u8], x: &[u8], y: &[u8]| {
        dsa::Group::new(p, q, g)?.private(x)?;
        dsa::Group::new(p, q, g)?.public(y).map(|_| ())
    };
    assert_eq!(key(&p, &q, &g, &x, &y), Ok(()));
    let lengths = "bad DSA key: expected primes p and q of 1024 and 160, 2048 and 224, 2048 and 256, or 3072 and 256 bits";
    let generator = "bad DSA key: expected a generator g between 1 and p";
    let private = "bad DSA key: expected a private value x between 0 and q";
    let public = "bad DSA key: expected a public value y between 1 and p that has the order q";
    let even = |number: &[u8]| [&number[..number.len() - 1], &[number[number.len() - 1] & 0xfe]].concat();
    let cases = [
        (key(&p[1..], &q, &g, &x, &y), lengths),
        (key(&[], &q, &g, &x, &y), lengths),
        (key(&p, &[], &g, &x, &y), lengths),
        (key(&even(&p), &q, &g, &x, &y), lengths),
        (key(&p, &even(&q), &g, &x, &y), lengths),
        (key(&p, &q[1..], &g, &x, &y), lengths),
        (key(&p, &q, &[], &x, &y), generator),
        (key(&p, &q, &[1], &x, &y), generator),
        (key(&p, &q, &p, &x, &y), generator),
        (key(&p, &q, &[1; 200], &x, &y), generator),
        (key(&p, &q, &g, &[], &y), private),
        (key(&p, &q, &g, &q, &y), private),
        (key(&p, &q, &g, &x, &[]), public),
        (key(&p, &q, &g, &x, &[1]), public),
        (key(&p, &q, &g, &x, &[2]), public),
        (key(&p, &q, &g, &x, &p), public),
        (key(&p, &q, &g, &x, &[1; 129]), public),
    ];
    for (number, (found, expected)) in cases.into_iter().enumerate() {
        assert_eq!(found.map_err(|error| error.to_string()), Err(expected.to_owned()), "case {number}");
    }
}
