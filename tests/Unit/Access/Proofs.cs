using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Access.Users;
using ProtoBridgeMQ.Tests.Support.Access;

namespace ProtoBridgeMQ.Tests.Unit.Access;

/// <summary>By what clients prove who they are.</summary>
public sealed class Proofs
{
    // PBKDF2-HMAC-SHA512 of "secret" with salt 00..0b, 101 iterations, as Python's hashlib computes it.
    private const string OfMosquitto = "$7$101$AAECAwQFBgcICQoL$Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJNBvA+By+TXUqU6qCblO00w==";

    [Fact]
    public void A_password_matches_its_hash_and_no_other()
    {
        PasswordHash hash = PasswordHash.Create("geheim"u8, AccessKit.Iterations);

        PasswordHash? read = PasswordHash.TryParse(hash.Text);

        Assert.NotNull(read);
        Assert.True(read.Matches("geheim"u8));
        Assert.False(read.Matches("geheim "u8));
        Assert.False(read.Matches([]));
        Assert.Equal(AccessKit.Iterations, read.Iterations);
        Assert.DoesNotContain("=", hash.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hash_of_mosquitto_passwd_is_taken()
    {
        PasswordHash? hash = PasswordHash.TryParse(OfMosquitto);

        Assert.True(hash!.Matches("secret"u8));
        Assert.False(hash.Matches("Secret"u8));
        Assert.False(hash.IsScram);
    }

    [Theory]
    [InlineData("")]
    [InlineData("geheim")]
    [InlineData("$7$")]
    [InlineData("$7$0$AAEC$AAEC")]
    [InlineData("$7$101$AAEC$AAEC")]
    [InlineData("SCRAM-SHA-256$99999999999:AAEC$AAEC:AAEC")]
    [InlineData("SCRAM-SHA-256$4096:AAEC$AAEC:AAEC")]
    [InlineData("SCRAM-SHA-256$4096:!!$!!:!!")]
    public void What_is_no_hash_is_refused(string text) => Assert.Null(PasswordHash.TryParse(text));

    [Fact]
    public async Task Users_are_known_by_their_passwords()
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", ["ops"]), ("bob", "two", []));

        Authentication ada = await kit.PasswordAsync("ada", "one");

        Assert.Equal("ada", ada.Identity!.User);
        Assert.Equal(["ops"], ada.Identity.Groups);
        Assert.Equal(Rejection.BadCredentials, (await kit.PasswordAsync("ada", "two")).Rejection);
        Assert.Equal(Rejection.BadCredentials, (await kit.PasswordAsync("eve", "one")).Rejection);
        // Once more: what was right is remembered, what was wrong is not.
        Assert.NotNull((await kit.PasswordAsync("ada", "one")).Identity);
        Assert.Null((await kit.PasswordAsync("bob", "one")).Identity);
        Assert.Equal(Rejection.CredentialsMissing, (await kit.Control.AuthenticateAsync(new Credentials())).Rejection);
    }

    [Fact]
    public async Task Anonymous_clients_are_let_in_when_that_is_said()
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));
        kit.Options.AllowAnonymous = true;

        Assert.Equal(Identity.Anonymous, (await kit.Control.AuthenticateAsync(new Credentials())).Identity);
        Assert.Equal(Rejection.BadCredentials, (await kit.PasswordAsync("ada", "two")).Rejection);
    }

    [Fact]
    public async Task More_clients_than_may_wait_for_their_password_are_refused_as_busy()
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));
        kit.Options.WaitingPasswordChecks = 3;
        kit.Options.PasswordChecks = 1;

        Authentication[] answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => kit.PasswordAsync("ada", "wrong" + i).AsTask()));

        Assert.Contains(answers, answer => answer.Rejection == Rejection.Busy);
        Assert.Contains(answers, answer => answer.Rejection == Rejection.BadCredentials);
        Assert.Equal(Rejection.BadCredentials, (await kit.PasswordAsync("ada", "after")).Rejection);
    }

    [Fact]
    public async Task An_API_key_stands_for_its_user()
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));
        (string text, ApiKey key) = ApiKey.Create("test");
        UserFile.Write(kit.Options.UsersFile, [new User("ci", null, ["robots"], [key])]);

        Authentication ci = await kit.BearerAsync(text);

        Assert.Equal(("ci", Proof.ApiKey), (ci.Identity!.User, ci.Identity.Proof));
        Assert.Equal(Rejection.BadCredentials, (await kit.BearerAsync(text + "x")).Rejection);
        Assert.DoesNotContain(text, await File.ReadAllTextAsync(kit.Options.UsersFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_users_file_is_for_its_owners_eyes()
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kit.Options.UsersFile));
        }

        Assert.DoesNotContain("one", await File.ReadAllTextAsync(kit.Options.UsersFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_checked_by_the_keys_of_the_file()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using AccessKit kit = WithKeys(rsa, ec);
        long now = kit.Clock.GetUtcNow().ToUnixTimeSeconds();
        object good = new { sub = "ada", iss = "issuer", aud = "gateway", exp = now + 60, nbf = now - 60, groups = new[] { "ops" } };

        Authentication byRsa = await kit.BearerAsync(Token.Rs256(rsa, good));
        Authentication byEc = await kit.BearerAsync(Token.Es256(ec, good));
        Authentication asPassword = await kit.PasswordAsync("whoever", Token.Rs256(rsa, good));

        Assert.Equal(("ada", Proof.Token), (byRsa.Identity!.User, byRsa.Identity.Proof));
        Assert.Equal(["ops"], byRsa.Identity.Groups);
        Assert.Equal("ada", byEc.Identity!.User);
        Assert.Equal("ada", asPassword.Identity!.User);
    }

    [Theory]
    [InlineData("another key", "signature")]
    [InlineData("forged payload", "signature")]
    [InlineData("expired", "time")]
    [InlineData("not yet", "time")]
    [InlineData("no expiry", "time")]
    [InlineData("another issuer", "issuer")]
    [InlineData("another audience", "audience")]
    [InlineData("alg none", "token:")]
    [InlineData("alg none without signature", "token:")]
    [InlineData("HS256 with the public key", "token:")]
    [InlineData("RS384 said", "token:")]
    [InlineData("no subject", "names no user")]
    [InlineData("garbage", "token:")]
    [InlineData("too long", "longer")]
    public async Task A_token_that_is_not_good_is_refused(string what, string why)
    {
        using var rsa = RSA.Create(2048);
        using var other = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using AccessKit kit = WithKeys(rsa, ec);
        long now = kit.Clock.GetUtcNow().ToUnixTimeSeconds();
        object good = new { sub = "ada", iss = "issuer", aud = "gateway", exp = now + 60 };
        string token = what switch
        {
            "another key" => Token.Rs256(other, good),
            "forged payload" => Forge(Token.Rs256(rsa, good), new { sub = "root", iss = "issuer", aud = "gateway", exp = now + 60 }),
            "expired" => Token.Rs256(rsa, new { sub = "ada", iss = "issuer", aud = "gateway", exp = now - 60 }),
            "not yet" => Token.Rs256(rsa, new { sub = "ada", iss = "issuer", aud = "gateway", exp = now + 600, nbf = now + 300 }),
            "no expiry" => Token.Rs256(rsa, new { sub = "ada", iss = "issuer", aud = "gateway" }),
            "another issuer" => Token.Rs256(rsa, new { sub = "ada", iss = "eve", aud = "gateway", exp = now + 60 }),
            "another audience" => Token.Rs256(rsa, new { sub = "ada", iss = "issuer", aud = "bank", exp = now + 60 }),
            "alg none" => Token.Make(new { alg = "none" }, good, _ => [1, 2, 3]),
            "alg none without signature" => Token.Make(new { alg = "none" }, good, _ => []),
            "HS256 with the public key" => Token.Make(new { alg = "HS256", kid = "r" }, good, bytes => HMACSHA256.HashData(Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()), bytes)),
            "RS384 said" => Token.Make(new { alg = "RS384", kid = "r" }, good, bytes => rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)),
            "no subject" => Token.Rs256(rsa, new { iss = "issuer", aud = "gateway", exp = now + 60 }),
            "too long" => Token.Rs256(rsa, new { sub = new string('a', 20_000), iss = "issuer", aud = "gateway", exp = now + 60 }),
            _ => "ey.ey.ey",
        };

        Authentication answer = await kit.BearerAsync(token);

        Assert.Equal(Rejection.BadCredentials, answer.Rejection);
        Assert.Contains(why, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rights_end_with_their_token()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using AccessKit kit = WithKeys(rsa, ec);
        long now = kit.Clock.GetUtcNow().ToUnixTimeSeconds();
        Authentication ada = await kit.BearerAsync(Token.Rs256(rsa, new { sub = "ada", iss = "issuer", aud = "gateway", exp = now + 60 }));
        ClientRights rights = kit.Control.RightsOf(ada.Identity!, "c");

        Assert.True(rights.MayPublish("a"u8).IsAllowed);
        kit.Clock.Advance(TimeSpan.FromSeconds(60) + kit.Options.TokenClockSkew + TimeSpan.FromSeconds(1));

        Assert.False(rights.MayPublish("a"u8).IsAllowed);
        Assert.False(rights.MayReceive("a"u8));
    }

    [Theory]
    [InlineData("""{ "keys": [ { "kty": "oct", "k": "c2VjcmV0" } ] }""")]
    [InlineData("""{ "keys": [] }""")]
    [InlineData("""no JSON""")]
    public void Keys_that_cannot_check_a_token_are_refused(string jwks)
    {
        using AccessKit kit = new AccessKit().WithKeys(jwks);

        Assert.Throws<AccessFileException>(() => kit.Control);
    }

    [Fact]
    public async Task A_certificate_names_its_user()
    {
        using X509Certificate2 certificate = Certificate();
        using AccessKit byCommonName = new();
        byCommonName.Options.CertificateName = CertificateName.CommonName;
        using AccessKit byAlternativeName = new();
        byAlternativeName.Options.CertificateName = CertificateName.AlternativeName;

        Authentication common = await byCommonName.Control.AuthenticateAsync(new Credentials { Certificate = certificate });
        Authentication alternative = await byAlternativeName.Control.AuthenticateAsync(new Credentials { Certificate = certificate });

        Assert.Equal(("device 7", Proof.Certificate), (common.Identity!.User, common.Identity.Proof));
        Assert.Equal("seven.devices", alternative.Identity!.User);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=device 7, O=devices", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddEmailAddress("seven@devices");
        names.AddDnsName("seven.devices");
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    private static AccessKit WithKeys(RSA rsa, ECDsa ec)
    {
        AccessKit kit = new AccessKit().WithKeys($$"""{ "keys": [ {{Token.Jwk(rsa)}}, {{Token.Jwk(ec)}}, { "kty": "oct", "kid": "s", "k": "c2VjcmV0" } ] }""");
        kit.Options.TokenIssuer = "issuer";
        kit.Options.TokenAudience = "gateway";
        return kit;
    }

    private static string Forge(string token, object payload)
    {
        string[] parts = token.Split('.');
        return $"{parts[0]}.{Token.Part(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(payload))}.{parts[2]}";
    }
}
