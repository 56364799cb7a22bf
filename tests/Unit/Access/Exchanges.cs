using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ProtoBridgeMQ.Bridge.Access.Scram;
using ProtoBridgeMQ.Bridge.Access.Users;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Access;

namespace ProtoBridgeMQ.Tests.Unit.Access;

/// <summary>SCRAM-SHA-256.</summary>
public sealed class Exchanges
{
    [Fact]
    public void The_example_of_RFC_7677_comes_out()
    {
        PasswordHash hash = PasswordHash.Create("pencil"u8, 4096, Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="));
        using AccessKit kit = new();
        var exchange = new ScramExchange(name => name == "user" ? new User(name, hash, [], []) : null, new ScramSecret(), kit.Control.Metrics, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");

        ScramStep first = exchange.Next("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"u8);
        ScramStep final = exchange.Next("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="u8);

        Assert.Equal("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", Encoding.ASCII.GetString(first.Message));
        Assert.Equal("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Encoding.ASCII.GetString(final.Message));
        Assert.Equal("user", final.Identity!.User);
    }

    [Theory]
    [InlineData("ada", "one", true)]
    [InlineData("ada", "two", false)]
    [InlineData("eve", "one", false)]
    public void A_client_proves_its_password(string user, string password, bool proven)
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", ["ops"]));
        ScramExchange exchange = kit.Control.StartScram();

        ScramStep end = exchange.Next(Final(exchange.Next(Encoding.UTF8.GetBytes($"n,,n={user},r=abc")), $"n={user},r=abc", password));

        Assert.Equal(proven, end.Identity is not null);
        Assert.Equal(proven, end.Failure is null);
    }

    [Fact]
    public void A_user_that_does_not_exist_is_asked_like_others()
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));

        string[] first = [.. Enumerable.Range(0, 2).Select(_ => Encoding.UTF8.GetString(kit.Control.StartScram().Next("n,,n=eve,r=abc"u8).Message).Split(',')[1])];

        Assert.StartsWith("s=", first[0], StringComparison.Ordinal);
        Assert.Equal(first[0], first[1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n,,")]
    [InlineData("n,,n=ada")]
    [InlineData("n,,n=,r=abc")]
    [InlineData("n,,n=a=2Xda,r=abc")]
    [InlineData("n,a=root,n=ada,r=abc")]
    [InlineData("p=tls-unique,,n=ada,r=abc")]
    [InlineData("n,,m=ext,n=ada,r=abc")]
    public void A_first_message_that_is_none_ends_the_exchange(string message)
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));
        ScramExchange exchange = kit.Control.StartScram();

        Assert.NotNull(exchange.Next(Encoding.UTF8.GetBytes(message)).Failure);
        Assert.NotNull(exchange.Next("n,,n=ada,r=abc"u8).Failure);
    }

    [Theory]
    [InlineData("")]
    [InlineData("c=biws,r=abc,p=AAAA")]
    [InlineData("c=biws,r=abc")]
    [InlineData("c=eSws,r={nonce},p={proof}")]
    [InlineData("c=biws,r=abc,p={proof}")]
    [InlineData("c=biws,r={nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")]
    public void A_final_message_that_is_none_ends_the_exchange(string message)
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));
        ScramExchange exchange = kit.Control.StartScram();
        ScramStep first = exchange.Next("n,,n=ada,r=abc"u8);
        string[] good = Encoding.ASCII.GetString(Final(first, "n=ada,r=abc", "one")).Split(',');

        ScramStep end = exchange.Next(Encoding.ASCII.GetBytes(message.Replace("{nonce}", good[1][2..], StringComparison.Ordinal).Replace("{proof}", good[2][2..], StringComparison.Ordinal)));

        Assert.NotNull(end.Failure);
        Assert.Null(end.Identity);
    }

    [Fact]
    public void Bytes_of_any_kind_end_an_exchange_and_nothing_else() => Seeded.Run(random =>
    {
        using AccessKit kit = new AccessKit().WithUsers(("ada", "one", []));
        for (int i = 0; i < 500; i++)
        {
            byte[] noise = new byte[random.Next(0, 200)];
            random.NextBytes(noise);
            ScramExchange exchange = kit.Control.StartScram();
            if (i % 2 == 0)
            {
                exchange.Next("n,,n=ada,r=abc"u8);
            }

            Assert.NotNull(exchange.Next(noise).Failure);
        }
    });

    /// <summary>The client's side, written from RFC 5802.</summary>
    private static byte[] Final(ScramStep first, string clientFirst, string password)
    {
        string serverFirst = Encoding.UTF8.GetString(first.Message);
        string[] fields = serverFirst.Split(',');
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), Convert.FromBase64String(fields[1][2..]), int.Parse(fields[2][2..], CultureInfo.InvariantCulture), HashAlgorithmName.SHA256, 32);
        string withoutProof = $"c=biws,{fields[0]}";
        byte[] key = HMACSHA256.HashData(salted, "Client Key"u8);
        byte[] signature = HMACSHA256.HashData(SHA256.HashData(key), Encoding.UTF8.GetBytes($"{clientFirst},{serverFirst},{withoutProof}"));
        return Encoding.ASCII.GetBytes($"{withoutProof},p={Convert.ToBase64String([.. key.Zip(signature, (a, b) => (byte)(a ^ b))])}");
    }
}
