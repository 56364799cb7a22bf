using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using ProtoBridgeMQ.Gateway.Http.Codec;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace ProtoBridgeMQ.Gateway.Http.OpenApi;

/// <summary>Writes <see cref="OperationNotes"/> into the document.</summary>
internal sealed class OperationNotesFilter : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        OperationNotes? notes = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<OperationNotes>().FirstOrDefault();
        if (notes is null)
            return;

        DescribeParameters(operation, notes);
        if (notes.Bodies.Count > 0)
            operation.RequestBody = DescribeBody(notes, context);

        foreach (IGrouping<int, Problem> problems in notes.Problems.Append(Problem.Internal).GroupBy(problem => problem.Status))
            (operation.Responses ??= []).TryAdd(problems.Key.ToString(System.Globalization.CultureInfo.InvariantCulture), Describe(problems, context));
    }

    private static void DescribeParameters(OpenApiOperation operation, OperationNotes notes)
    {
        foreach ((string name, string words, string example) in notes.Parameters)
        {
            if (operation.Parameters?.FirstOrDefault(parameter => parameter.Name == name) is OpenApiParameter known)
            {
                known.Description = words;
                if (example.Length > 0)
                    known.Example = JsonValue.Create(example);
            }
        }
    }

    private static OpenApiRequestBody DescribeBody(OperationNotes notes, OperationFilterContext context)
    {
        var body = new OpenApiRequestBody { Required = !notes.BodyIsOptional, Content = new Dictionary<string, OpenApiMediaType>() };
        foreach ((string contentType, Type? shape, bool isArray, string example) in notes.Bodies)
        {
            IOpenApiSchema schema = shape is null
                ? new OpenApiSchema { Type = JsonSchemaType.String, Format = contentType == "application/octet-stream" ? "binary" : null }
                : context.SchemaGenerator.GenerateSchema(shape, context.SchemaRepository);
            if (isArray)
                schema = new OpenApiSchema { OneOf = [schema, new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema }] };

            var media = new OpenApiMediaType { Schema = schema };
            if (example.Length > 0)
                media.Example = shape is null ? JsonValue.Create(example) : JsonNode.Parse(example);

            body.Content.Add(contentType, media);
        }

        return body;
    }

    private static OpenApiResponse Describe(IGrouping<int, Problem> problems, OperationFilterContext context)
    {
        var examples = new Dictionary<string, IOpenApiExample>();
        foreach (Problem problem in problems)
        {
            examples.Add(problem.Name, new OpenApiExample
            {
                Summary = problem.Title,
                Value = new JsonObject
                {
                    ["type"] = problem.Type,
                    ["title"] = problem.Title,
                    ["status"] = problem.Status,
                    ["detail"] = "What happened this time.",
                },
            });
        }

        return new OpenApiResponse
        {
            Description = string.Join(" ", problems.Select(problem => $"`{problem.Name}`: {problem.Title}")),
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/problem+json"] = new()
                {
                    Schema = context.SchemaGenerator.GenerateSchema(typeof(ProblemDetails), context.SchemaRepository),
                    Examples = examples,
                },
            },
        };
    }
}
