//! The private key of a client certificate, as PEM: PKCS#8, PKCS#1 or SEC 1, and PKCS#8 that is locked by a passphrase
//! (PBES2, as openssl makes it). No message shows anything of it.

use std::num::NonZeroU32;

use aes::{Aes128Dec, Aes192Dec, Aes256Dec};
use base64_simd::STANDARD as BASE64;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use pkcs5::EncryptionScheme;
use pkcs5::pbes2::{EncryptionScheme as Cipher, Kdf, Pbkdf2Params, Pbkdf2Prf};
use ring::pbkdf2;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_cert::der::asn1::OctetStringRef;
use x509_cert::der::{Decode, Reader, SliceReader};

use super::tls::Unusable;

const LOCKED: (&str, &str) = ("-----BEGIN ENCRYPTED PRIVATE KEY-----", "-----END ENCRYPTED PRIVATE KEY-----");

/// Reads a key, with what unlocks it.
pub fn read(pem: &[u8], passphrase: Option<&str>) -> Result<PrivateKeyDer<'static>, Unusable> {
    let is_locked = pem.windows(9).any(|words| words == b"ENCRYPTED");
    match (is_locked, passphrase) {
        (true, Some(passphrase)) => unlocked(pem, passphrase),
        (true, None) => Err((
            "key",
            "is locked by a passphrase: name it as passphrase, or unlock the key: openssl pkey -in locked.pem -out key.pem"
                .to_owned(),
        )),
        (false, passphrase) => {
            let read = PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
                ("key", "holds no private key; expected PEM, -----BEGIN PRIVATE KEY-----".to_owned())
            });
            match (read, passphrase) {
                (Ok(_), Some(_)) => Err(("passphrase", "unlocks nothing: the key is not locked".to_owned())),
                (read, _) => read,
            }
        }
    }
}

fn unlocked(pem: &[u8], passphrase: &str) -> Result<PrivateKeyDer<'static>, Unusable> {
    let foreign = || {
        let how = "openssl pkcs8 -topk8 -v2 aes-256-cbc -in locked.pem -out key.pem";
        ("key", format!("is locked in a way that is not read here; lock it in another: {how}"))
    };
    let der = locked_in(pem).ok_or_else(foreign)?;
    let (scheme, mut text) = parts(&der).ok_or_else(foreign)?;
    let parameters = scheme.pbes2().ok_or_else(foreign)?;
    let Kdf::Pbkdf2(derivation) = &parameters.kdf else { return Err(foreign()) };
    let decrypted = match parameters.encryption {
        Cipher::Aes128Cbc { iv } => decrypted::<Aes128Dec>(derivation, passphrase, 16, &iv, &mut text),
        Cipher::Aes192Cbc { iv } => decrypted::<Aes192Dec>(derivation, passphrase, 24, &iv, &mut text),
        Cipher::Aes256Cbc { iv } => decrypted::<Aes256Dec>(derivation, passphrase, 32, &iv, &mut text),
        _ => return Err(foreign()),
    };
    // A wrong passphrase gives garbage, which once in 256 times looks padded.
    let key = decrypted.filter(|key| key.first() == Some(&0x30));
    let key = key.ok_or_else(|| ("passphrase", "does not unlock the key".to_owned()))?;
    Ok(PrivatePkcs8KeyDer::from(key.to_vec()).into())
}

/// How the key is locked, and what is.
fn parts(der: &[u8]) -> Option<(EncryptionScheme, Vec<u8>)> {
    let mut reader = SliceReader::new(der).ok()?;
    let read = reader.sequence(|inner| {
        let scheme = EncryptionScheme::decode(inner)?;
        Ok::<_, x509_cert::der::Error>((scheme, <&OctetStringRef>::decode(inner)?.as_bytes().to_vec()))
    });
    read.ok()
}

fn decrypted<'t, C: BlockCipherDecrypt + KeyInit>(
    derivation: &Pbkdf2Params,
    passphrase: &str,
    length: usize,
    iv: &[u8],
    text: &'t mut [u8],
) -> Option<&'t [u8]> {
    let algorithm = match derivation.prf {
        Pbkdf2Prf::HmacWithSha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Pbkdf2Prf::HmacWithSha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Pbkdf2Prf::HmacWithSha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Pbkdf2Prf::HmacWithSha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return None,
    };
    let mut key = [0; 32];
    let key = &mut key[..length];
    let rounds = NonZeroU32::new(derivation.iteration_count)?;
    pbkdf2::derive(algorithm, rounds, derivation.salt.as_ref(), passphrase.as_bytes(), key);
    cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?.decrypt_padded::<Pkcs7>(text).ok()
}

/// The locked key's own bytes, where it is PKCS#8.
fn locked_in(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, after) = text.split_once(LOCKED.0)?;
    let (lines, _) = after.split_once(LOCKED.1)?;
    let letters: String = lines.split_ascii_whitespace().collect();
    BASE64.decode_to_vec(letters).ok()
}
